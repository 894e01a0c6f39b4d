import { emptyTable, type EntryTable } from "./entry-table.ts";
import { PENDING_DIRECTORY } from "./kind.ts";
import { latin1At, sparseColumn, TextColumnBuilder } from "./text-column.ts";

/** Collects the entries of a walk, in the order of their paths' bytes. */
export class EntryTableBuilder {
  readonly #paths = new TextColumnBuilder();
  /** Links are few: the column of their texts is made at the end. */
  readonly #targets = new Map<number, string>();
  #kinds = new Uint8Array(1024);

  get length(): number {
    return this.#paths.length;
  }

  /** @param path and link text as Latin-1: each character is one byte */
  add(path: string, kind: number, target?: string): void {
    const index = this.#paths.length;
    if (index === this.#kinds.length) {
      const larger = new Uint8Array(2 * index);
      larger.set(this.#kinds);
      this.#kinds = larger;
    }
    this.#paths.add(path);
    this.#kinds[index] = kind;
    if (target !== undefined) this.#targets.set(index, target);
  }

  setKind(index: number, kind: number): void {
    this.#kinds[index] = kind;
  }

  /** Every entry so far. */
  *each(): Generator<{ path: string; kind: number }> {
    const paths = this.#paths.copy();
    for (let index = 0; index < this.length; index++) yield { path: latin1At(paths, index), kind: this.#kinds[index]! };
  }

  /** The table, without the directories that stayed pending. */
  build(): EntryTable {
    const kinds = this.#kinds.subarray(0, this.length);
    if (kinds.includes(PENDING_DIRECTORY)) return this.#withoutPending().build();
    const table = emptyTable(this.#paths.build(), sparseColumn(this.length, this.#targets));
    table.kinds.set(kinds);
    return table;
  }

  #withoutPending(): EntryTableBuilder {
    const kept = new EntryTableBuilder();
    let index = 0;
    for (const { path, kind } of this.each()) {
      if (kind !== PENDING_DIRECTORY) kept.add(path, kind, this.#targets.get(index));
      index++;
    }
    return kept;
  }
}
