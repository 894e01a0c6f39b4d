import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits for this many milliseconds.
 *
 * @throws the signal's reason, at once when it is aborted
 * @example
 * ```ts
 * await pause(500, AbortSignal.timeout(60_000));
 * ```
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    // timers/promises wraps the reason; callers look for the reason itself.
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Waits for this many milliseconds, or until the signal is aborted.
 *
 * @returns whether to go on: the signal is not aborted
 * @example
 * ```ts
 * const stopping = new AbortController();
 * process.once("SIGTERM", () => stopping.abort());
 * while (await pauseUnless(1_000, stopping.signal)) console.log("still here");
 * ```
 */
export async function pauseUnless(ms: number, signal: AbortSignal): Promise<boolean> {
  if (!signal.aborted) await sleep(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
