/**
 * The outcome of some work, or the signal's reason as soon as it is aborted. What the work comes to after that is thrown away
 * by `discard`: undici, for one, hears of an abort only when it has connected, which a server that hangs puts off.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, discard: (late: T) => void): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => {
    reject(signal.reason as Error);
    work.then(discard, () => undefined);
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  return promise;
}
