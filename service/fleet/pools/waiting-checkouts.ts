/** A checkout that found nothing, and waits. */
interface Waiting {
  /** Tries once more. @returns whether the wait is over */
  try(): boolean;
  end(): void;
}

/**
 * Checkouts that wait for a member, in the order in which they came. What becomes ready goes to the first that can use it:
 * however many wait, a member costs about one try, and nobody tries while nothing is ready.
 */
export class WaitingCheckouts {
  readonly #hasReady: (poolId: string) => boolean;
  readonly #stopping: AbortSignal;
  readonly #queues = new Map<string, Set<Waiting>>();
  /** Pools whose checkouts will try at the end of what runs now, and whether all of them will. */
  readonly #due = new Map<string, boolean>();

  /** @param hasReady whether a pool has a member that can be claimed */
  constructor(hasReady: (poolId: string) => boolean, stopping: AbortSignal) {
    this.#hasReady = hasReady;
    this.#stopping = stopping;
  }

  /** How many wait for a member of a pool. */
  count(poolId: string): number {
    return this.#queues.get(poolId)?.size ?? 0;
  }

  /**
   * Waits until a try has an outcome.
   *
   * @param attempt tries, synchronously; `undefined`: nothing is there, and something may come
   * @returns `undefined` when the time was up or the service stops
   * @throws what `attempt` throws
   */
  wait<T extends object>(poolId: string, timeoutMs: number, attempt: () => T | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(poolId) ?? new Set();
      this.#queues.set(poolId, queue);
      const leave = (): void => {
        clearTimeout(timer);
        queue.delete(waiting);
        if (queue.size === 0 && this.#queues.get(poolId) === queue) this.#queues.delete(poolId);
      };
      const waiting: Waiting = {
        try() {
          try {
            const outcome = attempt();
            if (outcome === undefined) return false;
            leave();
            resolve(outcome);
          } catch (error) {
            leave();
            reject(error as Error);
          }
          return true;
        },
        end() {
          leave();
          resolve(undefined);
        },
      };
      const timer = setTimeout(() => waiting.end(), timeoutMs);
      queue.add(waiting);
    });
  }

  /** A member of a pool may be ready. */
  serve(poolId: string): void {
    this.#schedule(poolId, false);
  }

  /** The pool may be otherwise: each checkout tries, also those that can only be told that nothing will come for them. */
  reconsider(poolId: string): void {
    this.#schedule(poolId, true);
  }

  /** The service stops: nobody waits any more. */
  endAll(): void {
    for (const queue of [...this.#queues.values()]) for (const waiting of [...queue]) waiting.end();
  }

  /** Not at once: whoever tells of it may be in the middle of a change. */
  #schedule(poolId: string, isForAll: boolean): void {
    if (this.count(poolId) === 0) return;
    const isNew = !this.#due.has(poolId);
    this.#due.set(poolId, isForAll || this.#due.get(poolId) === true);
    if (isNew) queueMicrotask(() => this.#run(poolId));
  }

  #run(poolId: string): void {
    const isForAll = this.#due.get(poolId) === true;
    this.#due.delete(poolId);
    if (this.#stopping.aborted) return;
    for (const waiting of [...(this.#queues.get(poolId) ?? [])]) {
      if (!isForAll && !this.#hasReady(poolId)) return;
      waiting.try();
    }
  }
}
