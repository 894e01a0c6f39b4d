import { ContextLimitError } from "../errors.ts";
import { ABSENT } from "../table/align-tables.ts";
import { digestBytes, type EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";
import { type Control, NEXT, READ, STOP } from "./control.ts";
import type { BoundHere } from "./bound-here.ts";
import { digestFile, type DigestOptions, sleep } from "./digest-file.ts";
import { lookAtFile } from "./look-at-file.ts";
import { formatBytes } from "./directory-weights.ts";
import { limitOrigin } from "../limits.ts";
import type { ReadJob } from "./job.ts";
import { type FoundFiles, looksSame } from "./known-files.ts";
import { displayName } from "./latin1.ts";
import { fileChanged } from "./walk-errors.ts";

/** Entries that a thread takes at a time: few enough that one thread is not left with all the large files. */
export const BATCH = 16;
/** A file just written is looked at again after this long, so that its times can be trusted; and so often at most. */
const SETTLE_MS = 25;
const SETTLE_ROUNDS = 8;

/** The sum of the files went over the limit. The thread that walked turns this into the error that names directories. */
export class TotalExceeded extends Error {}

/**
 * Digests entries until none is left, sharing them with the other threads of the job.
 *
 * @param bound for a listing in the thread of the caller
 */
export function digestEntries(
  table: EntryTable,
  job: ReadJob,
  control: Control,
  known?: FoundFiles,
  bound?: BoundHere,
): void {
  const unsettled: number[] = [];
  for (let start = take(control); start < table.length; start = take(control)) {
    const end = Math.min(start + BATCH, table.length);
    if (!digestSome(table, start, end, unsettled, job, control, known, bound)) return;
  }
  settleEntries(table, unsettled, job);
}

/**
 * Digests the files from `start` up to `end`.
 *
 * @param unsettled is given those that were written within the last moments; {@link settleEntries} is for them
 * @returns false when another thread of the job failed
 */
export function digestSome(
  table: EntryTable,
  start: number,
  end: number,
  unsettled: number[],
  job: ReadJob,
  control: Control,
  known?: FoundFiles,
  bound?: BoundHere,
): boolean {
  const options = digestOptions(job, (index, bytes) => admit(table, index, bytes, job, control));
  const now = Date.now();
  for (let index = start; index < end; index++) {
    if (!isFileKind(table.kinds[index]!)) continue;
    if (Atomics.load(control.slots, STOP) === 1) return false;
    if (known && reuse(known, table, index, job, options)) continue;
    if (job.digests === "coarse") {
      const bytes = lookAtFile(table, index, pathOf(table, index), now, options);
      if (bytes === undefined) continue;
      bound?.read(bytes);
    }
    Atomics.add(control.slots, READ, 1);
    if (!digestFile(table, index, pathOf(table, index), now, options)) unsettled.push(index);
  }
  return true;
}

function digestOptions({ root, symlinks }: ReadJob, admit: DigestOptions["admit"]): DigestOptions {
  return { root, followLinks: symlinks === "copy", admit };
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
export function settleEntries(table: EntryTable, unsettled: readonly number[], job: ReadJob): void {
  const options = digestOptions(job, (index, bytes) => checkFile(table, index, bytes, job));
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

function admit(table: EntryTable, index: number, bytes: number, job: ReadJob, control: Control): void {
  checkFile(table, index, bytes, job);
  const total = Number(Atomics.add(control.bytes, 0, BigInt(bytes))) + bytes;
  if (total > job.limits.bytes) throw new TotalExceeded();
}

function checkFile(table: EntryTable, index: number, bytes: number, job: ReadJob): void {
  const { fileBytes: limit } = job.limits;
  if (bytes <= limit) return;
  const name = displayName(pathOf(table, index));
  throw new ContextLimitError(
    "file_too_large",
    `${name} has ${formatBytes(bytes)}, more than ${formatBytes(limit)}${limitOrigin(job.limits, "fileBytes")}. ` +
      (job.limits.setBy === undefined ? "Ignore it, or raise the limit." : "Ignore it, or fetch it in the build."),
    { limit, path: name, largest: [{ path: name, files: 1, bytes }] },
  );
}

/** Takes the digest from an earlier reading when the file still looks the same. */
function reuse(known: FoundFiles, table: EntryTable, index: number, job: ReadJob, options: DigestOptions): boolean {
  const before = known.indices[index]!;
  if (before === ABSENT || !looksSame(known, before, job)) return false;
  options.admit(index, known.table.sizes[before]!);
  table.kinds[index] = known.table.kinds[before]!;
  return true;
}
