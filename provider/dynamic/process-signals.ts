/** Operations that a signal is to abort. Signals are the process' own, so is the one listener for all of them. */
const running = new Set<AbortController>();
let isListening = false;

/**
 * Runs an operation that a SIGINT or SIGTERM of the process aborts: it then has a moment to leave a state that can be
 * gone on from. A second signal, and any signal between operations, does what it always does.
 */
export async function untilSignal<Result>(operation: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  running.add(controller);
  listen(true);
  try {
    return await operation(controller.signal);
  } finally {
    running.delete(controller);
    if (running.size === 0) listen(false);
  }
}

function listen(wanted: boolean): void {
  if (wanted === isListening) return;
  isListening = wanted;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (wanted) process.on(signal, abortAll);
    else process.removeListener(signal, abortAll);
  }
}

function abortAll(): void {
  listen(false);
  for (const controller of running) controller.abort();
}
