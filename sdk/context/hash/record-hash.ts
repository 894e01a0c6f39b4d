import { createHash } from "node:crypto";
import { digestBytes, type EntryTable } from "../table/entry-table.ts";
import { DIRECTORY, EXECUTABLE, FILE, SYMLINK } from "../table/kind.ts";
import { textBytes } from "../table/text-column.ts";

const KIND_LETTERS: Readonly<Record<number, string>> = {
  [DIRECTORY]: "d",
  [FILE]: "f",
  [EXECUTABLE]: "x",
  [SYMLINK]: "l",
};
/** Small: a manifest makes a few hundred of these. */
const FLUSH_BYTES = 8 * 1024;
const NOTHING = Buffer.alloc(0);

/** Collects records and hashes them in large pieces: one call into the hash for each record would cost more than it. */
export class RecordHash {
  readonly #hash = createHash("sha256");
  #buffer = Buffer.allocUnsafe(FLUSH_BYTES);
  #used = 0;

  /** Adds the record of one entry of the table. */
  addEntry(table: EntryTable, index: number): void {
    const kind = table.kinds[index]!;
    const payload =
      kind === DIRECTORY ? NOTHING : kind === SYMLINK ? textBytes(table.targets, index) : digestBytes(table, index);
    this.add(KIND_LETTERS[kind]!, textBytes(table.paths, index), payload);
  }

  add(letter: string, path: Buffer, payload: Buffer): void {
    const length = 1 + 4 + path.length + 4 + payload.length;
    if (this.#used + length > this.#buffer.length) this.#flush();
    if (length > this.#buffer.length) this.#buffer = Buffer.alloc(length);
    const buffer = this.#buffer;
    let at = this.#used;
    at = buffer.writeUInt8(letter.charCodeAt(0), at);
    at = buffer.writeUInt32BE(path.length, at);
    at += path.copy(buffer, at);
    at = buffer.writeUInt32BE(payload.length, at);
    this.#used = at + payload.copy(buffer, at);
  }

  /** SHA-256 of the records, hex. */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
