/** Exit code of a command that a signal ended, as a shell says it of Ctrl-C. */
export const INTERRUPTED = 130;

/**
 * A signal that aborts on the first SIGINT or SIGTERM; the second one ends the process at once. Dispose it when the work is
 * over.
 */
export function interruptSignal(): { signal: AbortSignal; interrupt: () => void } & Disposable {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    interrupt,
    [Symbol.dispose]: () => void process.off("SIGINT", interrupt).off("SIGTERM", interrupt),
  };
}
