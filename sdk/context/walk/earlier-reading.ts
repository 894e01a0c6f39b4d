import { lstatSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { DirectoryTable } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { BUSY, type Control, NEXT, STOP } from "./control.ts";
import type { ReadJob } from "./job.ts";
import type { KnownFiles } from "./known-files.ts";
import { isSameDirectory, isSameFile, quickTable } from "./quick-look.ts";
import type { ReadResult } from "./read-tree.ts";
import { pathsBelow, type TreeRoot } from "./tree-root.ts";

/** Names looked at before the event loop turns, or another thread is heard: about a millisecond. */
const BATCH = 256;
const MAY_BE_GONE = { throwIfNoEntry: false } as const;

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
function checkMore({ known, directories }: CheckedReading, { root }: ReadJob, control: Control): boolean {
  if (Atomics.load(control.slots, STOP) === 1) return false;
  // The directories come first, then the entries.
  const count = directories.length;
  const end = count + known.table.length;
  const first = Math.min(Atomics.add(control.slots, NEXT, BATCH), end);
  const last = Math.min(first + BATCH, end);
  try {
    const isSame =
      directoriesLookSame(directories, Math.min(first, count), Math.min(last, count), root) &&
      filesLookSame(known, Math.max(first - count, 0), Math.max(last - count, 0), root);
    if (isSame) return last < end;
  } catch {
    // Whoever walks the tree says what is wrong with it.
  }
  Atomics.store(control.slots, STOP, 1);
  return false;
}

function directoriesLookSame(directories: DirectoryTable, start: number, end: number, root: TreeRoot): boolean {
  const paths = pathsBelow(root, directories.paths, start, end);
  const quick = quickTable(directories);
  for (let index = start; index < end; index++) {
    const stats = lstatSync(paths[index - start]!, MAY_BE_GONE);
    if (stats === undefined || !isSameDirectory(quick, index, stats)) return false;
  }
  return true;
}

/** Of the entries the files alone: a link changes only by being replaced, which its directory shows. */
function filesLookSame({ table, isSame }: KnownFiles, start: number, end: number, root: TreeRoot): boolean {
  const paths = pathsBelow(root, table.paths, start, end);
  const quick = quickTable(table);
  for (let index = start; index < end; index++) {
    if (isSame[index] === 1 || !isFileKind(table.kinds[index]!)) continue;
    const stats = lstatSync(paths[index - start]!, MAY_BE_GONE);
    if (stats === undefined || !isSameFile(quick, index, stats)) return false;
    isSame[index] = 1;
  }
  return true;
}
