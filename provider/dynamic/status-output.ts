import type { Log } from "../core/operation-context.ts";

/** Lines of progress that come faster than this are left out: each one stays on the user's screen. */
const PROGRESS_INTERVAL_MS = 500;

/**
 * Messages on standard output, which the engine passes on from this one plugin. It knows no resource here, so each line
 * names its own.
 *
 * @param options.debug write debug messages, too
 */
export function createStatusOutput(name: string, write: (line: string) => void, { debug = false } = {}): Log {
  let last = Number.NEGATIVE_INFINITY;
  return (severity, message, { ephemeral = false } = {}) => {
    if (severity === "debug" && !debug) return;
    if (ephemeral) {
      const now = performance.now();
      if (now - last < PROGRESS_INTERVAL_MS) return;
      last = now;
    }
    write(`${name}: ${severity === "warning" ? WARNING : ""}${message}\n`);
  };
}

const WARNING = "warning: ";

/** A message of a dynamic resource, which reaches the user as a line of its process. */
export interface StatusLine {
  /** Type of the resource: `Template`. */
  type: string;
  /** Its input `name`; absent where it has none. */
  name?: string;
  severity: "info" | "warning";
  message: string;
}

/** Reads what `createStatusOutput` has written under the name of a resource. @returns undefined for any other line */
export function readStatusLine(line: string, types: readonly string[]): StatusLine | undefined {
  const [head, ...rest] = line.trimEnd().split(": ");
  const [type, ...words] = head!.split(" ");
  if (rest.length === 0 || !types.includes(type!)) return undefined;
  const text = rest.join(": ");
  const isWarning = text.startsWith(WARNING);
  return {
    type: type!,
    ...(words.length > 0 && { name: words.join(" ") }),
    severity: isWarning ? "warning" : "info",
    message: isWarning ? text.slice(WARNING.length) : text,
  };
}
