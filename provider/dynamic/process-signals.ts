import { watchEngine, watchOutput } from "./engine-watch.ts";

/** Operations that a signal is to abort. Signals are the process' own, so is the one listener for all of them. */
const running = new Set<AbortController>();
let isListening = false;
let isWatching = false;
let isEngineGone = false;

/**
 * Runs an operation that a SIGINT or SIGTERM of the process aborts, and the end of the engine that it works for: it then
 * has a moment to leave a state that can be gone on from. A second signal, and any signal between operations, does what it always does.
 */
export async function untilSignal<Result>(operation: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  watch();
  const controller = new AbortController();
  running.add(controller);
  listen(true);
  try {
    return await operation(controller.signal);
  } finally {
    running.delete(controller);
    if (running.size === 0) listen(false);
    exitAfterEngine();
  }
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  watchEngine(endWithEngine);
  watchOutput(endWithEngine);
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

/** Nobody waits for what this process does any more, and nobody else would end it. */
function endWithEngine(): void {
  isEngineGone = true;
  abortAll();
  exitAfterEngine();
}

function exitAfterEngine(): void {
  // After the answer to the last call has been tried: an operation that ends leaves what it knows behind first.
  if (isEngineGone && running.size === 0) setImmediate(() => process.exit(0));
}
