import { setImmediate as nextTurn } from "node:timers/promises";
import { alignFiles, copyAligned } from "../table/align-tables.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";
import { type Control, LOOK, STOP, WALKED } from "./control.ts";
import { isAsRecorded } from "./file-identity.ts";
import type { ReadJob } from "./job.ts";
import { glanceAtEntry } from "./open-entry.ts";

/** Files that a thread looks at before it sees whether the walk is over: a few tenths of a millisecond. */
const BATCH = 64;

/** What an earlier reading found, and which of its files were seen unchanged since this reading began. Shared memory. */
export interface KnownFiles {
  readonly table: EntryTable;
  /** 1 for a file that still looked the same. */
  readonly isSame: Uint8Array;
}

/** Known files, and where they are in the tree as it is now. */
export interface FoundFiles extends KnownFiles {
  /** For each file of the new table, its index in the known one; `ABSENT` for other entries. */
  readonly indices: Int32Array;
}

export function knownFiles(table: EntryTable): KnownFiles {
  return { table, isSame: new Uint8Array(new SharedArrayBuffer(table.length)) };
}

/**
 * Finds the known files in the tree as it is now, and puts into its table what was recorded of them: to be kept for those
 * that look the same, and overwritten for those that do not.
 */
export function findKnown(known: KnownFiles, table: EntryTable): FoundFiles {
  const indices = alignFiles(table, known.table);
  copyAligned(table, known.table, indices);
  return { ...known, indices };
}

/**
 * Looks at the files of the earlier reading while the tree is being walked, in the hope that they are still part of it: a
 * look at a file costs half of what reading it does, and the walk leaves the other cores free. Ends when the walk is over.
 */
export function lookAhead(known: KnownFiles, job: ReadJob, control: Control): void {
  while (Atomics.load(control.slots, WALKED) === 0 && lookAtMore(known, job, control));
}

/**
 * The same on the thread that asks, which has nothing to do but to wait: a few files at a time, so that its event loop turns.
 * It is there while the others still start. Ends with the reading.
 */
export async function lookAheadInTurns(known: KnownFiles, job: ReadJob, control: Control, reading: AbortSignal) {
  while (!reading.aborted && lookAtMore(known, job, control)) await nextTurn();
}

/**
 * Looks at some files that nobody has looked at yet: from the end of the tree, since those who digest begin at its start.
 *
 * @returns false when there are no more, or the reading has failed
 */
function lookAtMore(known: KnownFiles, job: ReadJob, control: Control): boolean {
  const { table } = known;
  if (Atomics.load(control.slots, STOP) === 1) return false;
  const end = table.length - Atomics.add(control.slots, LOOK, BATCH);
  for (let index = end - 1; index >= Math.max(end - BATCH, 0); index--) {
    if (isFileKind(table.kinds[index]!)) looksSame(known, index, job);
  }
  return end > BATCH;
}

/** How many files of the walked tree have not been seen unchanged. */
export function countUnseen(table: EntryTable, { indices, isSame }: FoundFiles): number {
  let unseen = 0;
  for (let index = 0; index < table.length; index++) {
    if (isFileKind(table.kinds[index]!) && isSame[indices[index]!] !== 1) unseen++;
  }
  return unseen;
}

/** Whether a file of the earlier reading still looks as it did then. */
export function looksSame(known: KnownFiles, index: number, { root, symlinks }: ReadJob): boolean {
  if (known.isSame[index] === 1) return true;
  if (known.table.isSettled[index] !== 1) return false;
  try {
    const stats = glanceAtEntry({ root, followLinks: symlinks === "copy" }, latin1At(known.table.paths, index));
    if (!stats || !isAsRecorded(known.table, index, stats)) return false;
  } catch {
    return false; // Whoever reads the file says what is wrong with it.
  }
  known.isSame[index] = 1;
  return true;
}
