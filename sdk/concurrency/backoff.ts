/** Bounds of pauses between tries, in milliseconds. */
export interface BackoffBounds {
  readonly first: number;
  readonly most: number;
}

/**
 * The pause after this many tries (1 after the first): it doubles, up to the bound.
 *
 * @example
 * ```ts
 * [1, 2, 3, 4].map((tries) => backoffMs({ first: 100, most: 500 }, tries)); // [100, 200, 400, 500]
 * ```
 */
export function backoffMs({ first, most }: BackoffBounds, tries: number): number {
  return Math.min(first * 2 ** (tries - 1), most);
}

/**
 * Pauses between tries of one thing: each twice as long as the one before, up to a bound.
 *
 * @example
 * ```ts
 * const backoff = new Backoff({ first: 100, most: 5_000 });
 * while (!(await fetch("http://localhost:3000/health")).ok) await pause(backoff.next());
 * ```
 */
export class Backoff {
  readonly #bounds: BackoffBounds;
  #tries = 0;

  constructor(bounds: BackoffBounds) {
    this.#bounds = bounds;
  }

  /** The next pause, in milliseconds. */
  next(): number {
    this.#tries += 1;
    return backoffMs(this.#bounds, this.#tries);
  }

  /** It went well: the next pause is the first again. */
  reset(): void {
    this.#tries = 0;
  }
}
