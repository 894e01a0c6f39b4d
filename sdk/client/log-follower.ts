import type { LogEntry } from "../wire/log-entry.ts";
import { formatIssues } from "../wire/issues.ts";
import { isTerminalEntry } from "../wire/terminal.ts";
import { InvalidResponseError, TransportError } from "./errors.ts";
import { pause } from "../concurrency/index.ts";
import { backoffMs } from "./retry.ts";
import { readEvents } from "./sse.ts";
import type { OpenAnswer } from "./transport.ts";
import { loadWire } from "./wire.ts";

/** Streams that break one after the other, with no entry between them, before the follower gives up. */
export const MAX_BROKEN_STREAMS = 10;
/** A stream that lived this long was well: a proxy that cuts idle connections is no reason to give up on a slow build. */
const HEALTHY_STREAM_MS = 15_000;

/** What a follower asks of the service. */
export interface LogSource {
  buildId: string;
  /** Opens the stream of entries from `offset` on, which stays open until the build ends. */
  open: (offset: number) => Promise<OpenAnswer>;
  /** Entries from `offset` on as they are now, and whether the build has ended. */
  poll: (offset: number) => Promise<{ entries: LogEntry[]; ended: boolean }>;
  signal?: AbortSignal | undefined;
  /**
   * How to wait between two streams.
   *
   * @default a growing pause
   */
  wait?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Reads the entries of one stream, and insists that they are all of one build. */
export async function* readEntries(answer: OpenAnswer, what: string, buildId?: string): AsyncGenerator<LogEntry> {
  const wire = await loadWire();
  let expected = buildId;
  for await (const event of readEvents(answer.body, what)) {
    const parsed = wire.LogEntry.safeParse(event);
    if (!parsed.success) {
      throw new InvalidResponseError(
        `Could not ${what}: a log entry has an unknown shape: ${formatIssues(parsed.error, "entry")}.`,
      );
    }
    const entry = parsed.data;
    expected ??= entry.build_id;
    if (entry.build_id !== expected) {
      throw new InvalidResponseError(
        `Could not ${what}: the service sent an entry of build ${entry.build_id}, not of ${expected}.`,
      );
    }
    yield entry;
  }
}

/**
 * Entries of a build from `offset` on, each once and in order, until the build ends. A stream that breaks is opened again
 * after the last entry; one that closes without a last entry is checked against the build's status.
 *
 * @throws TransportError when the service stays away for ten streams in a row
 */
export async function* followLog(source: LogSource, offset: number): AsyncGenerator<LogEntry> {
  let cursor = offset;
  let broken = 0;
  for (;;) {
    const openedAt = performance.now();
    try {
      const answer = await source.open(cursor);
      for await (const entry of readEntries(answer, `follow the log of build ${source.buildId}`, source.buildId)) {
        broken = 0;
        // A service may replay from a boundary of its own: what was handed out is not handed out again.
        if (entry.offset < cursor) continue;
        cursor = entry.offset + 1;
        yield entry;
        if (isTerminalEntry(entry)) return;
      }
      // Closed in good order without a last entry: the build had ended before `offset`, or the service is restarting.
      const { entries, ended } = await source.poll(cursor);
      for (const entry of entries) {
        if (entry.offset < cursor) continue;
        cursor = entry.offset + 1;
        yield entry;
        if (isTerminalEntry(entry)) return;
      }
      if (ended) return;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (error.reason === "broken" && performance.now() - openedAt > HEALTHY_STREAM_MS) broken = 0;
      if (++broken >= MAX_BROKEN_STREAMS) throw error;
    }
    await (source.wait ?? pause)(backoffMs(Math.max(broken, 1)), source.signal);
  }
}
