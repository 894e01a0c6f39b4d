const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Levels up to which objects are counted one by one. */
const COUNTED_LEVELS = 8;

/**
 * Counts what JSON text holds, as its bytes arrive and without making any of it. Of a text that is not JSON it counts
 * something, too.
 */
export class JsonValueCounter {
  /** About how many values: objects, lists, and members or elements after the first. */
  values = 0;
  /** Levels of the deepest value so far. */
  deepest = 0;
  readonly #objects = new Array<number>(COUNTED_LEVELS + 1).fill(0);
  #depth = 0;
  #isInText = false;
  /** Inside a text, whether the last byte of the chunk before was a backslash that escapes the next one. */
  #isEscaped = false;

  /** Most objects of one level: the entries, where there are many. */
  get entries(): number {
    return Math.max(...this.#objects);
  }

  add(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#isInText ? this.#leaveText(chunk, at) : this.#enterText(chunk, at);
  }

  /** Counts up to the next text. @returns where it begins */
  #enterText(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      switch (chunk[at]) {
        case QUOTE:
          this.#isInText = true;
          return at + 1;
        case COMMA:
          this.values++;
          break;
        case OPEN_OBJECT:
          if (this.#depth < COUNTED_LEVELS) this.#objects[this.#depth]!++;
          this.#open();
          break;
        case OPEN_LIST:
          this.#open();
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          this.#depth--;
      }
    }
    return chunk.length;
  }

  #open(): void {
    this.values++;
    this.#depth++;
    if (this.#depth > this.deepest) this.deepest = this.#depth;
  }

  /** @returns where the text has ended, or the end of the chunk */
  #leaveText(chunk: Buffer, from: number): number {
    // The search is the processor's own: texts are most of a body.
    const quote = chunk.indexOf(QUOTE, from);
    const end = quote < 0 ? chunk.length : quote;
    let backslashes = 0;
    while (end - backslashes > from && chunk[end - backslashes - 1] === BACKSLASH) backslashes++;
    // An odd run escapes what comes after it; one that reaches back to the chunk before goes on from there.
    const isEscaped = (backslashes % 2 === 1) !== (this.#isEscaped && end - backslashes === from);
    this.#isEscaped = quote < 0 && isEscaped;
    if (quote < 0) return chunk.length;
    if (!isEscaped) this.#isInText = false;
    return quote + 1;
  }
}
