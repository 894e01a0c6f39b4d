import type { ContextEntry } from "../entry.ts";
import { isFileKind, kindFacts, SYMLINK } from "./kind.ts";
import { bufferOf, textAt, type TextColumn } from "./text-column.ts";

/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32;

/**
 * The entries of a context as columns in shared memory, sorted by the bytes of their paths. About 100 bytes an entry, and
 * no copy between threads: 200,000 entries cost 20 MB, where objects would cost five times that in every thread.
 */
export interface EntryTable {
  readonly length: number;
  readonly paths: TextColumn;
  readonly targets: TextColumn;
  readonly kinds: Uint8Array;
  readonly sizes: Float64Array;
  readonly digests: Uint8Array;
  /** What the file looked like when its digest was taken; see {@link isSettled}. */
  readonly mtimes: BigInt64Array;
  readonly ctimes: BigInt64Array;
  readonly inodes: BigUint64Array;
  /**
   * 1 when the file had not been touched for a while when its digest was taken. Only then do equal times prove equal
   * content: a file system's clock ticks every few milliseconds, and a second edit within a tick leaves no trace.
   */
  readonly isSettled: Uint8Array;
}

/** A table of these paths and link texts whose other columns are zero. */
export function emptyTable(paths: TextColumn, targets: TextColumn): EntryTable {
  const length = paths.offsets.length - 1;
  const shared = (bytesPerEntry: number) => new SharedArrayBuffer(bytesPerEntry * length);
  return {
    length,
    paths,
    targets,
    kinds: new Uint8Array(shared(1)),
    sizes: new Float64Array(shared(8)),
    digests: new Uint8Array(shared(DIGEST_BYTES)),
    mtimes: new BigInt64Array(shared(8)),
    ctimes: new BigInt64Array(shared(8)),
    inodes: new BigUint64Array(shared(8)),
    isSettled: new Uint8Array(shared(1)),
  };
}

/** The digest of one file; a view, not a copy. */
export function digestBytes(table: EntryTable, index: number): Buffer {
  return bufferOf(table.digests).subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
}

/** Whether the file was read. (No content has a digest of zeros that anybody knows of.) */
export function hasDigest(table: EntryTable, index: number): boolean {
  return digestBytes(table, index).some((byte) => byte !== 0);
}

/** Sets the digest of one file; each character of `digest` is one byte, which makes no object a file. */
export function setDigest(table: EntryTable, index: number, digest: string): void {
  bufferOf(table.digests).write(digest, index * DIGEST_BYTES, DIGEST_BYTES, "latin1");
}

/** One entry as an object. */
export function entryAt(table: EntryTable, index: number): ContextEntry {
  const kind = table.kinds[index]!;
  const { type, mode } = kindFacts(kind);
  return {
    path: textAt(table.paths, index),
    type,
    mode: `0${mode.toString(8)}`,
    size: table.sizes[index]!,
    ...(isFileKind(kind) && { sha256: digestBytes(table, index).toString("hex") }),
    ...(kind === SYMLINK && { target: textAt(table.targets, index) }),
  };
}

/** The index of the entry with this path, or -1. */
export function findEntry(table: EntryTable, path: string): number {
  const wanted = Buffer.from(path);
  const index = lowerBound(table, wanted);
  return index < table.length && comparePath(table, index, wanted) === 0 ? index : -1;
}

/** The index of the first entry whose path does not sort before this one, by bytes; the table's length when all do. */
export function lowerBound(table: EntryTable, path: Buffer): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePath(table, middle, path) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Negative when the entry's path sorts before `other`, by bytes. */
export function comparePath(table: EntryTable, index: number, other: Buffer): number {
  const { bytes, offsets } = table.paths;
  const start = offsets[index]!;
  const length = offsets[index + 1]! - start;
  const shorter = Math.min(length, other.length);
  for (let i = 0; i < shorter; i++) {
    const difference = bytes[start + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return length - other.length;
}
