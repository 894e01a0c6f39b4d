import type { BigIntStats } from "node:fs";
import type { EntryTable } from "../table/entry-table.ts";
import { EXECUTABLE, FILE } from "../table/kind.ts";

/** A timestamp without a fraction comes from a file system that counts in seconds (two, on FAT). */
const COARSE_TICK_MS = 2_100;
/** Several ticks of a kernel's clock (at most 10 ms each), and some room for its reading of the time. */
const FINE_TICK_MS = 50;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * How long after `now` a file with these times can no longer change without its times changing: its last change has to lie
 * one tick of the file system's clock back. 0 when it does. (Git calls the others "racily clean".)
 *
 * @param now milliseconds since the epoch
 */
export function settlesInMs(stats: BigIntStats, now: number): number {
  const age = now - Number(stats.ctimeMs);
  if (age >= COARSE_TICK_MS) return 0;
  const tick = stats.ctimeNs % NS_PER_SECOND === 0n ? COARSE_TICK_MS : FINE_TICK_MS;
  return Math.max(tick - age, 0);
}

/**
 * Whether another content shows in the time of its change. It may not where somebody has set that to a whole second: an
 * archive that was unpacked, a tool that makes builds repeatable, a file system that counts in seconds.
 */
export function hasFineTimes({ mtimeNs }: Pick<BigIntStats, "mtimeNs">): boolean {
  return mtimeNs % NS_PER_SECOND !== 0n;
}

/** Whether two looks at a file saw the same content, as far as its size and times can tell. */
export function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/** Whether the file still looks as it did when the table's digest was taken, and looking the same proves it. */
export function isAsRecorded(table: EntryTable, index: number, stats: BigIntStats): boolean {
  return (
    table.isSettled[index] === 1 &&
    stats.isFile() &&
    table.sizes[index] === Number(stats.size) &&
    table.mtimes[index] === stats.mtimeNs &&
    table.ctimes[index] === stats.ctimeNs &&
    table.inodes[index] === stats.ino
  );
}

/** Notes what the file looked like when its digest was taken. */
export function recordFile(table: EntryTable, index: number, stats: BigIntStats, isSettled: boolean): void {
  table.kinds[index] = (Number(stats.mode) & 0o111) === 0 ? FILE : EXECUTABLE;
  table.sizes[index] = Number(stats.size);
  table.mtimes[index] = stats.mtimeNs;
  table.ctimes[index] = stats.ctimeNs;
  table.inodes[index] = stats.ino;
  table.isSettled[index] = isSettled ? 1 : 0;
}
