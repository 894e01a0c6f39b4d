/** How often the time is counted, and how much of it at once at most. */
const TICK_MS = 50;

/** A limit on the wait for an answer; disposed of when the answer is there. */
export interface AnswerTimeout extends Disposable {
  /** Aborts with a `TimeoutError` when the time is over. */
  signal: AbortSignal;
}

/**
 * Like `AbortSignal.timeout`, but counts only time in which this process could have heard the answer: while it was busy
 * with something else, an answer that came lies unread, and its sender is not to blame.
 *
 * @param timeoutMs at most this long, in milliseconds; counted in steps of 50
 * @example
 * ```ts
 * using limit = answerTimeout(5_000);
 * const response = await fetch("http://localhost:3000/health", { signal: limit.signal });
 * ```
 */
export function answerTimeout(timeoutMs: number): AnswerTimeout {
  const over = new AbortController();
  let leftMs = timeoutMs;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    // A tick that comes late is one in which nothing was read: what has come is read right after it.
    leftMs -= Math.min(nowMs - lastMs, 2 * TICK_MS);
    lastMs = nowMs;
    if (leftMs > 0) return;
    clearInterval(timer);
    over.abort(new DOMException(`no answer within ${timeoutMs} ms`, "TimeoutError"));
  }, TICK_MS).unref();
  return { signal: over.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
