/**
 * Runs an operation that a SIGINT or SIGTERM of the process aborts: it then has a moment to leave a state that can be
 * gone on from. Between operations the signals do what they always do.
 */
export async function untilSignal<Result>(operation: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once("SIGINT", abort);
  process.once("SIGTERM", abort);
  try {
    return await operation(controller.signal);
  } finally {
    process.removeListener("SIGINT", abort);
    process.removeListener("SIGTERM", abort);
  }
}
