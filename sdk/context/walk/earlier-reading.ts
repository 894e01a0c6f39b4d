import { lstatSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type DirectoryTable, isSameDirectory } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";
import { BUSY, type Control, NEXT, STOP } from "./control.ts";
import type { ReadJob } from "./job.ts";
import { type KnownFiles, looksSame } from "./known-files.ts";
import type { ReadResult } from "./read-tree.ts";
import { pathBelow, type TreeRoot } from "./tree-root.ts";

/** Names looked at before the event loop turns, or another thread is heard: a few tenths of a millisecond. */
const BATCH = 64;

/** What an earlier reading found, for those to come. */
export interface EarlierReading {
  readonly table: EntryTable;
  /** What it came to; absent where a later reading has to walk the tree again. */
  readonly whole?: WholeReading;
}

/** What a reading came to, and what proves that another one would come to the same. */
export interface WholeReading {
  /** The job in JSON. */
  readonly job: string;
  readonly directories: DirectoryTable;
  readonly result: Omit<ReadResult, "table" | "directories" | "filesRead">;
}

/** An earlier reading that is being compared with the tree. Shared memory, but for a few words. */
export interface CheckedReading {
  readonly known: KnownFiles;
  readonly directories: DirectoryTable;
}

/** What to keep of a reading. */
export function earlierReading(job: ReadJob, { table, directories, ...rest }: ReadResult): EarlierReading {
  if (directories === undefined) return { table };
  const { filesRead: _, ...result } = rest;
  return { table, whole: { job: JSON.stringify(job), directories, result } };
}

/**
 * Looks at all that an earlier reading saw, a few names at a time, so that the event loop turns. Ends at the first that looks
 * otherwise, which `STOP` of the control tells then.
 */
export async function checkInTurns(reading: CheckedReading, job: ReadJob, control: Control, signal?: AbortSignal) {
  while (checkMore(reading, job, control)) {
    await nextTurn();
    signal?.throwIfAborted();
  }
}

/** The same in a thread that helps. */
export function check(reading: CheckedReading, job: ReadJob, control: Control): void {
  // Announced before the first name is taken: who leads waits for whoever has one.
  Atomics.add(control.slots, BUSY, 1);
  try {
    while (checkMore(reading, job, control));
  } finally {
    Atomics.sub(control.slots, BUSY, 1);
  }
}

/** @returns false when there are no more, or one does not look as it did */
function checkMore({ known, directories }: CheckedReading, job: ReadJob, control: Control): boolean {
  if (Atomics.load(control.slots, STOP) === 1) return false;
  const end = directories.length + known.table.length;
  const start = Atomics.add(control.slots, NEXT, BATCH);
  for (let index = start; index < Math.min(start + BATCH, end); index++) {
    const isSame =
      index < directories.length
        ? directoryLooksSame(directories, index, job.root)
        : entryLooksSame(known, index - directories.length, job);
    if (isSame) continue;
    Atomics.store(control.slots, STOP, 1);
    return false;
  }
  return start + BATCH < end;
}

function directoryLooksSame(directories: DirectoryTable, index: number, root: TreeRoot): boolean {
  try {
    const path = pathBelow(root, latin1At(directories.paths, index));
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && isSameDirectory(directories, index, stats);
  } catch {
    return false; // Whoever walks the tree says what is wrong with it.
  }
}

/** A link changes only by being replaced, which its directory shows. */
function entryLooksSame(known: KnownFiles, index: number, job: ReadJob): boolean {
  return !isFileKind(known.table.kinds[index]!) || looksSame(known, index, job);
}
