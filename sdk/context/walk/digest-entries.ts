import { lstatSync, statSync } from "node:fs";
import { ContextLimitError } from "../errors.ts";
import { comparePath, DIGEST_BYTES, digestBytes, type EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { latin1At, textBytes } from "../table/text-column.ts";
import { type Control, NEXT, READ, STOP } from "./control.ts";
import { digestFile, type DigestOptions, sleep } from "./digest-file.ts";
import { formatBytes } from "./directory-weights.ts";
import { isAsRecorded, recordFile } from "./file-identity.ts";
import type { ReadJob } from "./job.ts";
import { displayName, systemPath } from "./latin1.ts";
import { fileChanged } from "./walk-errors.ts";

/** Entries that a thread takes at a time: few enough that one thread is not left with all the large files. */
const BATCH = 16;
/** A file just written is looked at again after this long, so that its times can be trusted; and so often at most. */
const SETTLE_MS = 25;
const SETTLE_ROUNDS = 8;

/** The sum of the files went over the limit. The thread that walked turns this into the error that names directories. */
export class TotalExceeded extends Error {}

/** Digests entries until none is left, sharing them with the other threads of the job. */
export function digestEntries(table: EntryTable, job: ReadJob, control: Control, previous?: EntryTable): void {
  const options: DigestOptions = {
    root: job.root,
    followLinks: job.symlinks === "copy",
    admit: (path, bytes) => admit(path, bytes, job, control),
  };
  const known = previous && new PreviousEntries(previous);
  const unsettled: number[] = [];
  for (let start = take(control); start < table.length; start = take(control)) {
    const end = Math.min(start + BATCH, table.length);
    const now = Date.now();
    for (let index = start; index < end; index++) {
      if (!isFileKind(table.kinds[index]!)) continue;
      if (Atomics.load(control.slots, STOP) === 1) return;
      if (known && reuse(known, table, index, options)) continue;
      Atomics.add(control.slots, READ, 1);
      if (!digestFile(table, index, pathOf(table, index), now, options)) unsettled.push(index);
    }
  }
  settle(table, unsettled, { ...options, admit: (path, bytes) => checkFile(path, bytes, job) });
}

function take(control: Control): number {
  return Atomics.add(control.slots, NEXT, BATCH);
}

function pathOf(table: EntryTable, index: number): string {
  return latin1At(table.paths, index);
}

/**
 * Files written within the last moments are digested once more: a write that came in the middle of the first reading, in
 * the same tick of the clock as the one before it, shows now.
 */
function settle(table: EntryTable, unsettled: readonly number[], options: DigestOptions): void {
  let waiting = [...unsettled];
  for (let round = 0; waiting.length > 0 && round < SETTLE_ROUNDS; round++) {
    sleep(SETTLE_MS);
    waiting = waiting.filter((index) => {
      const digest = digestAt(table, index);
      const isSettled = digestFile(table, index, pathOf(table, index), Date.now(), options);
      return !isSettled && digest !== digestAt(table, index);
    });
  }
  const first = waiting[0];
  if (first !== undefined) throw fileChanged(displayName(pathOf(table, first)), "kept changing");
}

function digestAt(table: EntryTable, index: number): string {
  return digestBytes(table, index).toString("latin1");
}

function admit(path: string, bytes: number, job: ReadJob, control: Control): void {
  checkFile(path, bytes, job);
  const total = Atomics.add(control.bytes, 0, BigInt(bytes)) + BigInt(bytes);
  if (total > BigInt(job.limits.bytes)) throw new TotalExceeded();
}

function checkFile(path: string, bytes: number, job: ReadJob): void {
  const { fileBytes: limit } = job.limits;
  if (bytes <= limit) return;
  const name = displayName(path);
  throw new ContextLimitError(
    "file_too_large",
    `${name} has ${formatBytes(bytes)}, more than ${formatBytes(limit)} (limits.fileBytes). Ignore it, or raise the limit.`,
    { limit, path: name, largest: [{ path: name, files: 1, bytes }] },
  );
}

/** Takes the digest from an earlier reading when the file still looks the same. */
function reuse(known: PreviousEntries, table: EntryTable, index: number, options: DigestOptions): boolean {
  const before = known.find(textBytes(table.paths, index));
  if (before < 0) return false;
  const path = systemPath(`${options.root}/${pathOf(table, index)}`);
  const look = options.followLinks ? statSync : lstatSync;
  const stats = look(path, { bigint: true, throwIfNoEntry: false });
  if (!stats || !isAsRecorded(known.table, before, stats)) return false;
  options.admit(pathOf(table, index), Number(stats.size));
  const { digests } = known.table;
  table.digests.set(digests.subarray(before * DIGEST_BYTES, (before + 1) * DIGEST_BYTES), index * DIGEST_BYTES);
  recordFile(table, index, stats, true);
  return true;
}

/** Finds entries in another table. Paths are asked for in rising order, so the search goes on where the last one ended. */
class PreviousEntries {
  readonly table: EntryTable;
  #at = 0;

  constructor(table: EntryTable) {
    this.table = table;
  }

  find(path: Buffer): number {
    // Near where the last search ended nearly always; gallop, then halve.
    let low = this.#at;
    let step = 1;
    while (low + step < this.table.length && comparePath(this.table, low + step, path) < 0) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, this.table.length - 1);
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = comparePath(this.table, middle, path);
      if (order === 0) {
        this.#at = middle;
        return middle;
      }
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    this.#at = Math.min(low, Math.max(this.table.length - 1, 0));
    return -1;
  }
}
