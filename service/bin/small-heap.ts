/** Room for short-lived objects, MiB: what an answer takes, and little enough to be looked through in a millisecond. */
const SEMI_SPACE_MIB = 4;
const FLAG = "--max-semi-space-size";

/**
 * Has this process begin again, under the same id, with less room for short-lived objects: V8 takes up to 100 MiB for them
 * and gives it back late. It can only be said when Node starts. Nothing happens on Windows, which has no such call, nor
 * where somebody has chosen the flag.
 *
 * Call it before anything is open.
 */
export function takeSmallHeap(): void {
  const { execArgv, execPath, argv, env } = process;
  if (typeof process.execve !== "function" || process.platform === "win32") return;
  if ([...execArgv, env.NODE_OPTIONS ?? ""].some((option) => option.replaceAll("_", "-").includes(FLAG))) return;
  // The channel to a parent would be lost.
  if (process.connected) return;
  try {
    process.execve(execPath, [execPath, `${FLAG}=${SEMI_SPACE_MIB}`, ...execArgv, ...argv.slice(1)], env);
  } catch {
    // As any other process, then.
  }
}
