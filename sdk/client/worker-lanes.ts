/**
 * Does `work` for every item, at most `lanes` of them at once. The first failure stops the rest: their signal is aborted,
 * all are waited for, and then the failure is thrown.
 */
export async function inLanes<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let failure: { error: unknown } | undefined;
  const queue = items.values();
  const lane = async (): Promise<void> => {
    // One iterator for all lanes: each item is taken once.
    for (const item of queue) {
      if (stopped.aborted) return;
      try {
        await work(item, stopped);
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
