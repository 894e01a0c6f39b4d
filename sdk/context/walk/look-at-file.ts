import type { BigIntStats } from "node:fs";
import type { EntryTable } from "../table/entry-table.ts";
import type { DigestOptions } from "./digest-file.ts";
import { hasFineTimes, recordFile, settlesInMs } from "./file-identity.ts";
import { statEntry } from "./open-entry.ts";

/**
 * Records what the file of one entry looks like, without reading it.
 *
 * @param now a time before the file is looked at
 * @returns `undefined` when that is done; else the file has to be read, and has this many bytes: its times say too little of
 *   its content, or it is not what it was in the walk, which who reads it will say
 */
export function lookAtFile(
  table: EntryTable,
  index: number,
  path: string,
  now: number,
  options: DigestOptions,
): number | undefined {
  let stats: BigIntStats | undefined;
  try {
    stats = statEntry(options, path);
  } catch {
    return 0;
  }
  if (!stats?.isFile()) return 0;
  if (!hasFineTimes(stats)) return Number(stats.size);
  options.admit(index, Number(stats.size));
  recordFile(table, index, stats, settlesInMs(stats, now) === 0);
  return undefined;
}
