import { check, like } from "../../arguments/index.ts";
import { stripVTControlCharacters } from "node:util";
import type { LogEntry } from "../../wire/log-entry.ts";
import { buildLogger } from "./build-logger.ts";

const STREAM = like("a stream to write to, such as process.stderr", ({ write }) => typeof write === "function");
const CLEAR_LINE = "\r\u001b[2K";

/** The part of a terminal that the display needs; `process.stderr` is one. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * An `onEntry` that shows a build on a terminal: the log scrolls by, and the last line says which step runs, of how many,
 * and for how long. On anything but a terminal it prints plain lines.
 *
 * @example
 * ```ts
 * const template = Template.fromPythonImage("3.12").pipInstall("flask");
 * await Template.build(template, "web:v1", { onLogEntry: terminalProgress() });
 * ```
 */
export function terminalProgress(stream: TerminalStream = process.stderr): (entry: LogEntry) => void {
  check("terminalProgress", { stream: STREAM }, { stream });
  if (!stream.isTTY) return buildLogger({ write: (text) => void stream.write(text) });
  const log = buildLogger({ write: (text) => void stream.write(CLEAR_LINE + oneLineEach(text)) });
  let startedAt: number | undefined;
  return (entry) => {
    const at = Date.parse(entry.timestamp);
    startedAt ??= at;
    log(entry);
    const ended = entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
    if (ended) return void stream.write(CLEAR_LINE);
    const steps = entry.step_index == null ? "" : `[${entry.step_index}/${entry.total_steps ?? "?"}] `;
    const seconds = Number.isNaN(at) ? "" : `${((at - startedAt) / 1000).toFixed(1)}s `;
    const status = `${steps}${seconds}${entry.phase ?? ""}`;
    stream.write(CLEAR_LINE + status.slice(0, Math.max(0, (stream.columns ?? 80) - 1)));
  };
}

/** What a build prints must not move the cursor: the display would write over itself. */
function oneLineEach(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\r", "");
}
