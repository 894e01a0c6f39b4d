/**
 * A limit on how many pieces of work run at once; the rest wait in the order in which they came.
 *
 * @example
 * ```ts
 * const downloads = new Semaphore(4);
 * const urls = ["https://example.com/a", "https://example.com/b"];
 * await Promise.all(urls.map((url) => downloads.run(undefined, () => fetch(url))));
 * ```
 */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `work` when its turn has come. `signal` ends the wait at once, and not the work.
   *
   * @throws the signal's reason when it is aborted before the work begins; what the work throws
   */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const take = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(signal?.reason as Error);
      };
      this.#waiting.push(take);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }
}
