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
    write(`${name}: ${severity === "warning" ? "warning: " : ""}${message}\n`);
  };
}
