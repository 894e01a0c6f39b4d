import { hash, createHash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, readSync } from "node:fs";
import { type EntryTable, setDigest } from "../table/entry-table.ts";
import { latin1At } from "../table/text-column.ts";
import { isSameFile, recordFile, settlesInMs } from "./file-identity.ts";
import { displayName } from "./latin1.ts";
import { type EntryAccess, openEntry, openPlace } from "./open-entry.ts";
import { fileChanged, fromSystemError } from "./walk-errors.ts";

/** One read a file for all but the large ones; large ones in pieces of this size. */
export const READ_BYTES = 1024 * 1024;
/** Looks at a file that is being written before giving up, and the wait between two of them. */
const ATTEMPTS = 10;
const WAIT_MS = 20;

const BIGINT = { bigint: true } as const;
const buffer = Buffer.from(new ArrayBuffer(READ_BYTES));
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What digesting files needs to know. */
export interface DigestOptions extends EntryAccess {
  /** Called with an entry's index and its file's size before it is read; throws when it is too large. */
  readonly admit: (index: number, bytes: number) => void;
}

/**
 * Digests the file of one entry and records what it looked like.
 *
 * A file whose last change lies at least a tick of the clock before it was opened, as it looks after it was read, did not
 * change in between: one look is enough. Any other file is looked at before and after, and read again when it changed.
 *
 * @param now a time before the file is opened
 * @param place what {@link pathBelow} says of it, where that is known
 * @returns whether the digest is settled; if not, a change within the same tick of the clock would go unseen, and the
 *   caller digests the file again a little later
 * @throws ContextError `file_changed` when the file changes each time, or vanished
 */
export function digestFile(
  table: EntryTable,
  index: number,
  now: number,
  options: DigestOptions,
  place?: string | Buffer,
): boolean {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const seen = digestOnce(table, index, now, options, place);
    if (seen) {
      setDigest(table, index, seen.digest);
      recordFile(table, index, seen.stats, seen.isSettled);
      return seen.isSettled;
    }
    sleep(WAIT_MS);
  }
  throw fileChanged(nameOf(table, index), "kept changing");
}

/** Waits without an event loop: this code has a thread of its own. */
export function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

interface Seen {
  /** One character a byte. */
  readonly digest: string;
  readonly stats: BigIntStats;
  /** It had not changed for a while before it was opened. */
  readonly isSettled: boolean;
}

/** @returns `undefined` when the file changed while it was read */
function digestOnce(
  table: EntryTable,
  index: number,
  now: number,
  options: DigestOptions,
  place: string | Buffer | undefined,
): Seen | undefined {
  let fd: number;
  try {
    fd = place === undefined ? openEntry(options, latin1At(table.paths, index)) : openPlace(place);
  } catch (error) {
    throw fromSystemError(error, nameOf(table, index));
  }
  try {
    return digestSmall(fd, index, now, options) ?? digestWatched(fd, table, index, now, options);
  } catch (error) {
    throw fromSystemError(error, nameOf(table, index));
  } finally {
    closeSync(fd);
  }
}

/** One read, one look: for a file that is small and has not been touched for a while, which is nearly every file. */
function digestSmall(fd: number, index: number, now: number, options: DigestOptions): Seen | undefined {
  const size = readSync(fd, buffer, 0, READ_BYTES, 0);
  if (size === READ_BYTES) return undefined;
  const stats = fstatSync(fd, BIGINT);
  if (!isFile(stats) || Number(stats.size) !== size || settlesInMs(stats, now) > 0) return undefined;
  options.admit(index, size);
  return { digest: hash("sha256", buffer.subarray(0, size), "binary"), stats, isSettled: true };
}

/** Looked at before and after. */
function digestWatched(
  fd: number,
  table: EntryTable,
  index: number,
  now: number,
  options: DigestOptions,
): Seen | undefined {
  const before = fstatSync(fd, BIGINT);
  if (!isFile(before)) throw fileChanged(nameOf(table, index), "stopped being a file");
  const size = Number(before.size);
  options.admit(index, size);
  const sha256 = createHash("sha256");
  for (let at = 0, read = -1; read !== 0; at += read) {
    read = readSync(fd, buffer, 0, READ_BYTES, at);
    if (at + read > size) return undefined;
    sha256.update(read === READ_BYTES ? buffer : buffer.subarray(0, read));
  }
  const stats = fstatSync(fd, BIGINT);
  if (!isSameFile(before, stats)) return undefined;
  return { digest: sha256.digest("binary"), stats, isSettled: settlesInMs(stats, now) === 0 };
}

/** As `stats.isFile()`, which makes four bigints. */
function isFile(stats: BigIntStats): boolean {
  return (Number(stats.mode) & constants.S_IFMT) === constants.S_IFREG;
}

function nameOf(table: EntryTable, index: number): string {
  return displayName(latin1At(table.paths, index));
}
