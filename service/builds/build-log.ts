import { EventEmitter } from "node:events";
import type { LogEntry } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import type { Database } from "../store/database.ts";
import { writeIfRoom } from "../store/disk-room.ts";

/** Members that the log adds itself are left out by who writes. */
export type NewLogEntry = Pick<LogEntry, "kind" | "level" | "message"> &
  Partial<
    Pick<
      LogEntry,
      | "phase"
      | "step_index"
      | "total_steps"
      | "attempt"
      | "max_attempts"
      | "cache_kind"
      | "cache_status"
      | "cache_reason"
      | "cache_subject"
      | "error_detail"
      | "result"
      | "result_metadata"
    >
  >;

/** One message is cut here; a line of this length is no line that a person reads. */
const MAX_MESSAGE_CHARACTERS = 16_384;

/** A build's log may take this much of the store; what comes after, but for the last entry, is counted and dropped. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** An entry as it is stored and sent: its position and its JSON text. */
export interface StoredEntry {
  offset: number;
  entry: string;
}

/** The append-only logs of all builds: durable, with dense offsets from 0, and a wake-up for those who follow one. */
export class BuildLog {
  readonly #db: Database;
  readonly #appended = new EventEmitter().setMaxListeners(0);
  /** Messages that the full disk had no room for, by build. Bounded by the builds that run. */
  readonly #lost = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Appends an entry; inside a transaction it becomes visible together with the rest of it. @throws DiskFullError */
  append(buildId: string, entry: NewLogEntry): void {
    const lost = this.#lost.get(buildId);
    this.#db.transaction(() => {
      if (lost !== undefined) this.#append(buildId, lostMessages(lost));
      this.#append(buildId, entry);
    });
    // After the transaction that this one may be part of: transactions are synchronous, so a microtask comes later.
    queueMicrotask(() => {
      if (lost !== undefined) this.#lost.delete(buildId);
      this.#appended.emit(buildId);
    });
  }

  /** Appends what a build says while it runs. On a full disk it is left out and counted: no reason for the build to fail. */
  appendMessage(buildId: string, entry: NewLogEntry): void {
    if (writeIfRoom(() => this.#db.grow(() => this.append(buildId, entry)))) return;
    this.#lost.set(buildId, (this.#lost.get(buildId) ?? 0) + 1);
  }

  #append(buildId: string, entry: NewLogEntry): void {
    const build = this.#db.get<{ templateId: string; offset: number; bytes: number }>(
      "SELECT template_id AS templateId, next_offset AS offset, log_bytes AS bytes FROM builds WHERE build_id = ?",
      [buildId],
    );
    if (build === undefined) throw new Error(`log entry for the unknown build ${buildId}`);
    const isLast = entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
    if (build.bytes > MAX_LOG_BYTES && !isLast) return;
    this.#write(buildId, build, cut(entry));
    if (build.bytes <= MAX_LOG_BYTES && this.#bytes(buildId) > MAX_LOG_BYTES) {
      this.#write(
        buildId,
        { ...build, offset: build.offset + 1 },
        {
          kind: "warning",
          level: "warn",
          message: `The log has reached its limit of ${MAX_LOG_BYTES} bytes: further messages are left out.`,
        },
      );
    }
  }

  /** Entries from `offset` on, at most `limit` of them. */
  read(buildId: string, offset: number, limit = Number.MAX_SAFE_INTEGER): StoredEntry[] {
    return this.#db.all<{ offset: number; entry: string }>(
      "SELECT offset, entry FROM log_entries WHERE build_id = ? AND offset >= ? ORDER BY offset LIMIT ?",
      [buildId, offset, limit],
    );
  }

  /** Waits until what has been appended would survive a loss of power. */
  durable(): Promise<void> {
    return this.#db.durable();
  }

  /**
   * Waits for something to be appended to a build's log.
   *
   * @param wanted aborted: the wait ends at once
   * @returns `false` when `timeoutMs` passed, or the wait was given up, without an entry
   */
  waitForEntry(buildId: string, timeoutMs: number, wanted: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (appended: boolean): void => {
        clearTimeout(timer);
        this.#appended.off(buildId, onAppended);
        wanted.removeEventListener("abort", onAbort);
        resolve(appended);
      };
      const onAppended = (): void => end(true);
      const onAbort = (): void => end(false);
      const timer = setTimeout(() => end(false), timeoutMs);
      this.#appended.on(buildId, onAppended);
      wanted.addEventListener("abort", onAbort);
      if (wanted.aborted) end(false);
    });
  }

  #write(buildId: string, { templateId, offset }: { templateId: string; offset: number }, entry: NewLogEntry): void {
    const timestamp = now();
    const text = JSON.stringify({ build_id: buildId, template_id: templateId, offset, timestamp, ...entry });
    this.#db.run("INSERT INTO log_entries (build_id, offset, entry) VALUES (?, ?, ?)", [buildId, offset, text]);
    this.#db.run(
      "UPDATE builds SET next_offset = $next, log_bytes = log_bytes + $bytes, updated_at = $at WHERE build_id = $build",
      { $next: offset + 1, $bytes: text.length, $at: timestamp, $build: buildId },
    );
  }

  #bytes(buildId: string): number {
    return (
      this.#db.get<{ bytes: number }>("SELECT log_bytes AS bytes FROM builds WHERE build_id = ?", [buildId])?.bytes ?? 0
    );
  }
}

function cut(entry: NewLogEntry): NewLogEntry {
  const { message } = entry;
  if (message.length <= MAX_MESSAGE_CHARACTERS) return entry;
  return { ...entry, message: `${message.slice(0, MAX_MESSAGE_CHARACTERS)}… (${message.length} characters)` };
}

function lostMessages(count: number): NewLogEntry {
  const message = `The disk of the service was full: ${count} messages of the build are left out here.`;
  return { kind: "warning", level: "warn", message };
}
