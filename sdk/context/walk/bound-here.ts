/** A reading in the thread of the caller came to more than may be done there: it is for a thread of its own. */
export class TooLargeHere extends Error {}

/** A folder that takes longer than this, on a network maybe, is not one to wait for in the thread of the caller. */
const LONGEST_MS = 40;

/** How much of a tree is read in the thread of the caller. What goes beyond ends the reading with {@link TooLargeHere}. */
export class BoundHere {
  #entries: number;
  #bytes: number;
  readonly #end = performance.now() + LONGEST_MS;

  /** @param most names that are listed, ignored ones included, and bytes of the files whose content is read */
  constructor(most: { readonly entries: number; readonly bytes: number }) {
    this.#entries = most.entries;
    this.#bytes = most.bytes;
  }

  /** Counts the names of a directory, before one of them is looked at. */
  list(entries: number): void {
    this.#entries -= entries;
    this.#check();
  }

  /** Counts a file, before it is read. */
  read(bytes: number): void {
    this.#bytes -= bytes;
    this.#check();
  }

  #check(): void {
    if (this.#entries < 0 || this.#bytes < 0 || performance.now() > this.#end) throw new TooLargeHere();
  }
}
