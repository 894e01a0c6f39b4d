import type { Stats } from "node:fs";
import type { DirectoryTable } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";

// Stats in numbers, for looks at everything that a tree holds: they are made in half the time that bigints take, and where
// both are asked for in turns, each takes longer. A number tells a time of today to a quarter of a microsecond. That is
// enough where the system sets the time of each change: what is recorded had not changed for milliseconds when it was looked
// at (`isSettled`), so that the time of any later change is further off than that.

const MICROSECOND_MS = 0.001;

/** Whether a file still looks as it did when its digest was taken, and looking the same proves that it is. */
export function isSameFile(table: EntryTable, index: number, stats: Stats): boolean {
  return (
    table.isSettled[index] === 1 &&
    stats.isFile() &&
    table.sizes[index] === stats.size &&
    isSameTime(table.mtimes[index]!, stats.mtimeMs) &&
    isSameTime(table.ctimes[index]!, stats.ctimeMs) &&
    Number(table.inodes[index]) === stats.ino
  );
}

/** Whether a directory still looks as it did before it was listed. */
export function isSameDirectory(table: DirectoryTable, index: number, stats: Stats): boolean {
  return (
    stats.isDirectory() &&
    Number(table.device) === stats.dev &&
    isSameTime(table.mtimes[index]!, stats.mtimeMs) &&
    isSameTime(table.ctimes[index]!, stats.ctimeMs) &&
    Number(table.inodes[index]) === stats.ino
  );
}

function isSameTime(ns: bigint, ms: number): boolean {
  return Math.abs(Number(ns) / 1e6 - ms) < MICROSECOND_MS;
}
