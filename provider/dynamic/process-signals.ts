import { watchEngine, watchOutput } from "./engine-watch.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
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

/** What is done before the process ends by a signal or with its engine; takes its own care to be short. */
let lastWork: (() => Promise<void>) | undefined;

/** Has `work` done before the process ends: what it holds would be lost otherwise. */
export function beforeExit(work: () => Promise<void>): void {
  lastWork = work;
  for (const signal of SIGNALS) process.on(signal, leave);
}

function leave(signal: NodeJS.Signals): void {
  // The first one, and an operation that it aborts: the process goes on.
  if (isListening) return;
  for (const each of SIGNALS) process.removeListener(each, leave);
  void lastWork?.().finally(() => process.kill(process.pid, signal));
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
  for (const signal of SIGNALS) {
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
  if (!isEngineGone || running.size > 0) return;
  setImmediate(() => void (lastWork?.() ?? Promise.resolve()).finally(() => process.exit(0)));
}
