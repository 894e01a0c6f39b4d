import { callback, check, oneOf, options as optionsOf } from "../../arguments/index.ts";
import type { LogEntry } from "../../wire/log-entry.ts";

const LEVELS = ["debug", "info", "warn", "error"];

/** How to print a build's log. */
export interface BuildLoggerOptions {
  /**
   * Entries below this are left out, but for the first and the last.
   *
   * @default `info`
   */
  minLevel?: "debug" | "info" | "warn" | "error" | undefined;
  /**
   * Where lines go.
   *
   * @default standard error, so that standard output stays the program's own
   */
  write?: ((text: string) => void) | undefined;
}

const OPTIONS = optionsOf<BuildLoggerOptions>({ minLevel: oneOf("debug", "info", "warn", "error"), write: callback });

/**
 * An `onEntry` that prints one line for each entry: `==> build started`, `WARN  …`, `ERROR …`.
 *
 * @example
 * ```ts
 * const template = Template.fromPythonImage("3.12").pipInstall("flask");
 * await Template.build(template, "web:v1", { onLogEntry: buildLogger({ minLevel: "warn" }) });
 * ```
 */
export function buildLogger(options: BuildLoggerOptions = {}): (entry: LogEntry) => void {
  check("buildLogger", { options: OPTIONS }, { options });
  const { minLevel = "info", write = (text) => void process.stderr.write(text) } = options;
  return (entry) => {
    const milestone = entry.kind === "start" || entry.kind === "end";
    if (!milestone && LEVELS.indexOf(entry.level) < LEVELS.indexOf(minLevel)) return;
    const mark = milestone ? "==> " : ({ warn: "WARN  ", error: "ERROR " }[entry.level as string] ?? "");
    write(`${mark}${entry.message}\n`);
  };
}
