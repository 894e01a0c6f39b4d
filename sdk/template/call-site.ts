import { fileURLToPath } from "node:url";

/**
 * Where the program called the function `above`: `file:line:column`.
 *
 * @returns undefined when the engine does not say (code from `eval`, or a stack that was cut)
 */
export function callSite(above: (...args: never[]) => unknown): string | undefined {
  const holder: { stack?: string } = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  try {
    Error.captureStackTrace(holder, above);
    const frame = holder.stack?.split("\n").at(-1) ?? "";
    const [, place] = /(?:\(|\bat (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/]).*:\d+:\d+)\)?$/.exec(frame) ?? [];
    return place?.startsWith("file://") ? place.replace(/^file:\/\/.*?(?=:\d+:\d+$)/, fileURLToPath) : place;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
