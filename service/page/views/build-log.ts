import { setImmediate } from "node:timers/promises";
import type { Redactor } from "pulumi-nullspace/secrets";
import type { LogEntry } from "pulumi-nullspace/wire";
import { definitionOf, getBuild } from "../../builds/build-record.ts";
import { entriesWith, logEntries, type StoredEntry } from "../../store/build-logs.ts";
import type { Database } from "../../store/database.ts";
import { redactorOf, saidText } from "./told-secrets.ts";

/** Lines of a log on one page. */
export const LOG_LINES = 1_000;

/** Lines of the end of a log on the page of its build. */
export const TAIL_LINES = 200;

/** Entries that are searched before others have a turn. */
const SEARCH_STEP = 5_000;

/** A line of a log: an entry, which may be of several lines when the builder said them at once. */
export interface LogLine {
  /** Offset of the entry, from 0. */
  offset: number;
  kind: "quiet" | "step" | "warn" | "error" | "plain";
  text: string;
}

/** A window of a log. */
export interface LogWindow {
  buildId: string;
  lines: LogLine[];
  /** First offset of the window. */
  from: number;
  /** Offset behind the last entry of the log. */
  end: number;
  /** Text that the lines were searched for; empty: they are those from `from` on. */
  find: string;
  /** Where to search on; absent: all has been searched. */
  findNext?: number;
}

/** Lines of a log from an offset on. @param from default: so that the window ends with the log */
export function logWindow(
  db: Database,
  buildId: string,
  { from, limit = LOG_LINES }: { from?: number | undefined; limit?: number },
): LogWindow {
  const build = getBuild(db, buildId);
  const redactor = redactorOf(definitionOf(build));
  const end = build.nextOffset;
  const start = Math.min(from ?? Math.max(0, end - limit), Math.max(0, end - 1));
  const lines = logEntries(db, buildId, start, limit).map((entry) => logLine(entry, redactor));
  return { buildId, lines, from: start, end, find: "" };
}

/** Lines of a log with a text in them, from an offset on: up to {@link LOG_LINES}, read a piece at a time. */
export async function findInLog(
  db: Database,
  buildId: string,
  { find, from = 0 }: { find: string; from?: number | undefined },
  signal: AbortSignal,
): Promise<LogWindow> {
  const build = getBuild(db, buildId);
  const redactor = redactorOf(definitionOf(build));
  const end = build.nextOffset;
  const lines: LogLine[] = [];
  let at = from;
  while (at < end && lines.length < LOG_LINES) {
    const to = Math.min(end, at + SEARCH_STEP);
    const found = entriesWith(db, buildId, { text: find, from: at, to, limit: LOG_LINES - lines.length });
    // What is masked is not found either, or the search would tell it letter by letter.
    lines.push(...found.map((entry) => logLine(entry, redactor)).filter(({ text }) => has(text, find)));
    const isCut = found.length > 0 && lines.length >= LOG_LINES;
    at = isCut ? found.at(-1)!.offset + 1 : to;
    await setImmediate();
    signal.throwIfAborted();
  }
  return { buildId, lines, from, end, find, ...(at < end && { findNext: at }) };
}

function has(text: string, find: string): boolean {
  return text.toLowerCase().includes(find.toLowerCase());
}

/** An entry as a line. */
export function logLine({ offset, entry }: StoredEntry, redactor: Redactor): LogLine {
  const { kind, level, message, phase } = JSON.parse(entry) as LogEntry;
  return { offset, kind: kindOf({ kind, level, message, phase }), text: saidText(message, redactor).trimEnd() };
}

function kindOf({
  kind,
  level,
  message,
  phase,
}: Pick<LogEntry, "kind" | "level" | "message" | "phase">): LogLine["kind"] {
  if (level === "error" || kind === "error") return "error";
  if (level === "warn") return "warn";
  if (kind === "cache" || level === "debug") return "quiet";
  if (kind === "start" || kind === "end") return "step";
  // What a builder says at the start of a step is the step: the instruction.
  return phase === "step" &&
    /^(?:(?:FROM|RUN|COPY|ADD|WORKDIR|ENV|USER|ARG|SHELL) |(?:apt_install|pip_install|npm_install|bun_install|run|workdir|user|copy|copy_items|remove|rename|make_dir|make_symlink|git_clone): )\S/.test(
      message,
    ) &&
    !message.includes("\n")
    ? "step"
    : "plain";
}

/** The text of a log, piece by piece, for a download. */
export async function* logText(db: Database, buildId: string, signal: AbortSignal): AsyncGenerator<string> {
  const redactor = redactorOf(definitionOf(getBuild(db, buildId)));
  for (let at = 0; !signal.aborted;) {
    const entries = logEntries(db, buildId, at, 500);
    const last = entries.at(-1);
    if (last === undefined) return;
    yield entries
      .map((entry) => {
        const { timestamp } = JSON.parse(entry.entry) as LogEntry;
        return `${timestamp} ${logLine(entry, redactor).text}\n`;
      })
      .join("");
    at = last.offset + 1;
    await setImmediate();
  }
}
