import { DIGEST_BYTES, type EntryTable } from "./entry-table.ts";
import { isFileKind } from "./kind.ts";

/** Marks an entry that the other table does not have. */
export const ABSENT = -1;

/**
 * For each file of `table`, the index of the file with the same path in `other`; {@link ABSENT} for other entries. Both are
 * sorted, so one pass finds them all. In memory that threads can share.
 */
export function alignFiles(table: EntryTable, other: EntryTable): Int32Array {
  const aligned = new Int32Array(new SharedArrayBuffer(4 * table.length)).fill(ABSENT);
  let at = 0;
  for (let index = 0; index < table.length && at < other.length; index++) {
    let order = comparePaths(other, at, table, index);
    while (order < 0 && ++at < other.length) order = comparePaths(other, at, table, index);
    if (order !== 0) continue;
    if (isFileKind(table.kinds[index]!) && isFileKind(other.kinds[at]!)) aligned[index] = at;
    at++;
  }
  return aligned;
}

/**
 * Copies what `other` has recorded of the aligned files, all but their kinds: a run of files at a time, for a value at a
 * time costs ten times as much.
 */
export function copyAligned(table: EntryTable, other: EntryTable, aligned: Int32Array): void {
  for (let start = 0; start < table.length;) {
    const from = aligned[start]!;
    let end = start + 1;
    while (end < table.length && aligned[end] === (from === ABSENT ? ABSENT : from + end - start)) end++;
    if (from !== ABSENT) {
      const to = from + end - start;
      table.digests.set(other.digests.subarray(from * DIGEST_BYTES, to * DIGEST_BYTES), start * DIGEST_BYTES);
      table.sizes.set(other.sizes.subarray(from, to), start);
      table.mtimes.set(other.mtimes.subarray(from, to), start);
      table.ctimes.set(other.ctimes.subarray(from, to), start);
      table.inodes.set(other.inodes.subarray(from, to), start);
      table.isSettled.set(other.isSettled.subarray(from, to), start);
    }
    start = end;
  }
}

/** Negative when the path in `a` sorts before the one in `b`, by bytes. */
function comparePaths(a: EntryTable, indexInA: number, b: EntryTable, indexInB: number): number {
  const startInA = a.paths.offsets[indexInA]!;
  const startInB = b.paths.offsets[indexInB]!;
  const lengthInA = a.paths.offsets[indexInA + 1]! - startInA;
  const lengthInB = b.paths.offsets[indexInB + 1]! - startInB;
  const shorter = Math.min(lengthInA, lengthInB);
  for (let i = 0; i < shorter; i++) {
    const difference = a.paths.bytes[startInA + i]! - b.paths.bytes[startInB + i]!;
    if (difference !== 0) return difference;
  }
  return lengthInA - lengthInB;
}
