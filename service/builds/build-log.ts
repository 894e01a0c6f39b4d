import { EventEmitter } from "node:events";
import type { LogEntry } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { appendLogEntry, logEntries, logPosition, type LogPosition, type StoredEntry } from "../store/build-logs.ts";
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
    if (writeIfRoom(this.#db, () => this.append(buildId, entry))) return;
    this.#lost.set(buildId, (this.#lost.get(buildId) ?? 0) + 1);
  }

  #append(buildId: string, entry: NewLogEntry): void {
    const build = logPosition(this.#db, buildId);
    if (build === undefined) throw new Error(`log entry for the unknown build ${buildId}`);
    const isLast = entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
    if (build.logBytes > MAX_LOG_BYTES && !isLast) return;
    const bytes = this.#write(buildId, build, cut(entry));
    if (build.logBytes <= MAX_LOG_BYTES && bytes + build.logBytes > MAX_LOG_BYTES) {
      this.#write(
        buildId,
        { ...build, nextOffset: build.nextOffset + 1 },
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
    return logEntries(this.#db, buildId, offset, limit);
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

  /** @returns how long the entry is */
  #write(buildId: string, { templateId, nextOffset: offset }: LogPosition, entry: NewLogEntry): number {
    const timestamp = now();
    const text = JSON.stringify({ build_id: buildId, template_id: templateId, offset, timestamp, ...entry });
    appendLogEntry(this.#db, buildId, { offset, entry: text }, timestamp);
    return text.length;
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
