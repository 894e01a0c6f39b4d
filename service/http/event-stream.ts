import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import type { BuildLog } from "../builds/build-log.ts";

/** Clients give up after 30 s of silence; a comment line tells them that the stream lives. */
const HEARTBEAT_MS = 10_000;

/** After an end of the stream a browser comes back so soon, with the id of the last event that it has seen. */
const RECONNECT_MS = 1_000;

/** Entries read from the store at a time, so that a long log is never in memory whole. */
const PAGE_ENTRIES = 500;

/**
 * Characters that JSON allows in a string and that some clients take for the end of a line (the Python one splits at
 * every Unicode line boundary): they travel escaped.
 */

const LINE_BOUNDARIES = /[\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]/g;

/** What to stream. */
export interface LogStreamOptions {
  buildLog: BuildLog;
  buildId: string;
  /** First offset wanted. */
  offset: number;
  /** Wait for further entries until the build has ended; otherwise end with what there is. */
  follow: boolean;
  /** Whether the build has ended: its log then gets no further entry. */
  isFinal: () => boolean;
  signal: AbortSignal;
  heartbeatMs?: number;
  /**
   * Writes an entry as a frame.
   *
   * @default as the contract has it
   */
  write?: (offset: number, entry: string) => string;
}

/** Answers a build's log as server-sent events: one entry a frame, closed at the end. */
export function sendLogStream(reply: FastifyReply, options: LogStreamOptions): FastifyReply {
  return reply
    .type("text/event-stream; charset=utf-8")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .send(Readable.from(logFrames(options), { objectMode: false, highWaterMark: 64 * 1024 }));
}

/** The frames of {@link sendLogStream}, in the reader's pace. */
export async function* logFrames({
  buildLog,
  buildId,
  offset,
  follow,
  isFinal,
  signal,
  heartbeatMs = HEARTBEAT_MS,
  write = frame,
}: LogStreamOptions): AsyncGenerator<string> {
  let next = offset;
  // A first line at once: the headers go out with it, and the caller knows that the stream is open.
  yield `: log stream\nretry: ${RECONNECT_MS}\n\n`;
  while (!signal.aborted) {
    // Asked before the entries are read: the last entry becomes visible together with the final state.
    const ended = isFinal();
    const entries = buildLog.read(buildId, next, PAGE_ENTRIES);
    // Who has seen an entry goes on behind it: it must be there for good.
    await buildLog.durable();
    if (entries.length > 0) yield entries.map(({ offset: id, entry }) => write(id, entry)).join("");
    next = (entries.at(-1)?.offset ?? next - 1) + 1;
    if (entries.length === PAGE_ENTRIES) {
      // A reader that takes all at once would not let anybody else have a turn.
      await setImmediate();
      continue;
    }
    if (ended || !follow) return;
    // Nothing can be appended between the read above and the listener in here: no await lies between them, but for the
    // reader's own pace in `yield`; so look again before waiting.
    if (buildLog.read(buildId, next, 1).length > 0 || isFinal() !== ended) continue;
    if (!(await buildLog.waitForEntry(buildId, heartbeatMs, signal)) && !signal.aborted) yield ": heartbeat\n\n";
  }
}

function frame(offset: number, entry: string): string {
  const line = entry.replace(LINE_BOUNDARIES, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `id: ${offset}\nevent: log\ndata: ${line}\n\n`;
}
