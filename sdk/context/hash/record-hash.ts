import { createHash, type Hash, hash } from "node:crypto";
import { DIGEST_BYTES, type EntryTable } from "../table/entry-table.ts";
import { DIRECTORY, EXECUTABLE, FILE, SYMLINK } from "../table/kind.ts";
import { bufferOf } from "../table/text-column.ts";

const KIND_LETTERS: Readonly<Record<number, string>> = {
  [DIRECTORY]: "d",
  [FILE]: "f",
  [EXECUTABLE]: "x",
  [SYMLINK]: "l",
};
/** Small: a manifest makes a few hundred of these. */
const FLUSH_BYTES = 8 * 1024;
/** Most paths, and each digest. */
const MOST_BYTE_BY_BYTE = 64;
/** Of the letter and the two lengths. */
const RECORD_BYTES = 1 + 4 + 4;

/** Collects records and hashes them in large pieces: one call into the hash for each record would cost more than it. */
export class RecordHash {
  /** Only for more than fills the buffer: most directories of a manifest do not. */
  #hash: Hash | undefined;
  #buffer = Buffer.allocUnsafeSlow(FLUSH_BYTES);
  #used = 0;

  /** Adds the record of one entry of the table. */
  addEntry({ paths, targets, digests, kinds }: EntryTable, index: number): void {
    const kind = kinds[index]!;
    const path = paths.offsets[index]!;
    const pathEnd = paths.offsets[index + 1]!;
    const [payload, start, end] =
      kind === SYMLINK
        ? [targets.bytes, targets.offsets[index]!, targets.offsets[index + 1]!]
        : [digests, index * DIGEST_BYTES, (index + (kind === DIRECTORY ? 0 : 1)) * DIGEST_BYTES];
    this.#make(RECORD_BYTES + (pathEnd - path) + (end - start));
    this.#begin(KIND_LETTERS[kind]!);
    this.#field(bufferOf(paths.bytes), path, pathEnd);
    this.#field(bufferOf(payload), start, end);
  }

  add(letter: string, path: Buffer, payload: Buffer): void {
    this.#make(RECORD_BYTES + path.length + payload.length);
    this.#begin(letter);
    this.#field(path, 0, path.length);
    this.#field(payload, 0, payload.length);
  }

  /** SHA-256 of the records, hex. The next record is the first of a new list. */
  digest(): string {
    const rest = this.#buffer.subarray(0, this.#used);
    const digest = this.#hash ? this.#hash.update(rest).digest("hex") : hash("sha256", rest);
    this.#hash = undefined;
    this.#used = 0;
    return digest;
  }

  /** Makes room for a record. */
  #make(bytes: number): void {
    if (this.#used + bytes > this.#buffer.length) this.#flush();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.alloc(bytes);
  }

  #begin(letter: string): void {
    this.#buffer[this.#used++] = letter.charCodeAt(0);
  }

  /** The length of a piece of `source`, and the piece. Byte by byte where that takes less time than a call. */
  #field(source: Buffer, start: number, end: number): void {
    const buffer = this.#buffer;
    const length = end - start;
    const at = this.#used;
    buffer[at] = length >>> 24;
    buffer[at + 1] = length >>> 16;
    buffer[at + 2] = length >>> 8;
    buffer[at + 3] = length;
    if (length > MOST_BYTE_BY_BYTE) source.copy(buffer, at + 4, start, end);
    else for (let from = start, to = at + 4; from < end; from++, to++) buffer[to] = source[from]!;
    this.#used = at + 4 + length;
  }

  #flush(): void {
    this.#hash ??= createHash("sha256");
    this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
