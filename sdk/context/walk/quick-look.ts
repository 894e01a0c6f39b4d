import type { Stats } from "node:fs";
import type { DirectoryTable } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { halvesOf, signedAt, unsignedAt } from "../table/number-view.ts";

// Stats in numbers, for looks at everything that a tree holds: they are made in half the time that bigints take, and where
// both are asked for in turns, each takes longer. A number tells a time of today to a quarter of a microsecond. That is
// enough where the system sets the time of each change: what is recorded had not changed for milliseconds when it was looked
// at (`isSettled`), so that the time of any later change is further off than that.

const MICROSECOND_MS = 0.001;

/** A table with its times and inodes at hand as numbers. */
export interface QuickTable<Table extends EntryTable | DirectoryTable> {
  readonly table: Table;
  readonly mtimes: Uint32Array;
  readonly ctimes: Uint32Array;
  readonly inodes: Uint32Array;
}

export function quickTable<Table extends EntryTable | DirectoryTable>(table: Table): QuickTable<Table> {
  const { mtimes, ctimes, inodes } = table;
  return { table, mtimes: halvesOf(mtimes), ctimes: halvesOf(ctimes), inodes: halvesOf(inodes) };
}

/** Whether a file still looks as it did when its digest was taken, and looking the same proves that it is. */
export function isSameFile(quick: QuickTable<EntryTable>, index: number, stats: Stats): boolean {
  const { table } = quick;
  return (
    table.isSettled[index] === 1 &&
    stats.isFile() &&
    table.sizes[index] === stats.size &&
    hasSameTimes(quick, index, stats) &&
    unsignedAt(quick.inodes, index) === stats.ino
  );
}

/** Whether a directory still looks as it did before it was listed. */
export function isSameDirectory(quick: QuickTable<DirectoryTable>, index: number, stats: Stats): boolean {
  return (
    stats.isDirectory() &&
    Number(quick.table.device) === stats.dev &&
    hasSameTimes(quick, index, stats) &&
    unsignedAt(quick.inodes, index) === stats.ino
  );
}

function hasSameTimes(
  { mtimes, ctimes }: QuickTable<EntryTable | DirectoryTable>,
  index: number,
  stats: Stats,
): boolean {
  return isSameTime(signedAt(mtimes, index), stats.mtimeMs) && isSameTime(signedAt(ctimes, index), stats.ctimeMs);
}

function isSameTime(ns: number, ms: number): boolean {
  return Math.abs(ns / 1e6 - ms) < MICROSECOND_MS;
}
