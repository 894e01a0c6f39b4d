import { hash, createHash } from "node:crypto";
import { type BigIntStats, closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DIGEST_BYTES, type EntryTable } from "../table/entry-table.ts";
import { isSameFile, isSettledNow, openFlags, recordFile } from "./file-identity.ts";
import { displayName, systemPath } from "./latin1.ts";
import { fileChanged, fromSystemError } from "./walk-errors.ts";

/** One read a file for all but the large ones; large ones in pieces of this size. */
export const READ_BYTES = 1024 * 1024;
/** Looks at a file that is being written before giving up, and the wait between two of them. */
const ATTEMPTS = 10;
const WAIT_MS = 20;

const buffer = Buffer.from(new ArrayBuffer(READ_BYTES));
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What digesting files needs to know. */
export interface DigestOptions {
  readonly root: string;
  readonly followLinks: boolean;
  /** Called with a file's size before it is read; throws when it is too large. */
  readonly admit: (path: string, bytes: number) => void;
}

/**
 * Digests the file of one entry and records what it looked like. The file is looked at before and after it is read: when
 * it changed in between, it is read again.
 *
 * @returns whether the digest is settled; if not, a change within the same tick of the clock would go unseen, and the
 *   caller digests the file again a little later
 * @throws ContextError `file_changed` when the file changes each time, or vanished
 */
export function digestFile(table: EntryTable, index: number, path: string, options: DigestOptions): boolean {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stats = digestOnce(table, index, path, options);
    if (stats) {
      const isSettled = isSettledNow(stats);
      recordFile(table, index, stats, isSettled);
      return isSettled;
    }
    sleep(WAIT_MS);
  }
  throw fileChanged(displayName(path), "kept changing");
}

/** Waits without an event loop: this code has a thread of its own. */
export function sleep(ms: number): void {
  Atomics.wait(sleeper, 0, 0, ms);
}

/** @returns what the file looked like, or `undefined` when it changed while it was read */
function digestOnce(table: EntryTable, index: number, path: string, options: DigestOptions): BigIntStats | undefined {
  let fd: number;
  try {
    fd = openSync(systemPath(`${options.root}/${path}`), openFlags(options.followLinks));
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  }
  try {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) throw fileChanged(displayName(path), "stopped being a file");
    const size = Number(before.size);
    options.admit(path, size);
    const digest = size < READ_BYTES ? digestSmall(fd, size) : digestLarge(fd, size);
    const after = fstatSync(fd, { bigint: true });
    if (digest === undefined || !isSameFile(before, after)) return undefined;
    // "binary" is Latin-1: the digest's bytes, one a character, without an object for each.
    Buffer.from(table.digests.buffer, table.digests.byteOffset + index * DIGEST_BYTES, DIGEST_BYTES).write(
      digest,
      "latin1",
    );
    return after;
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  } finally {
    closeSync(fd);
  }
}

function digestSmall(fd: number, size: number): string | undefined {
  // One byte more than there should be: a short answer proves that the end was reached.
  const read = readSync(fd, buffer, 0, size + 1, null);
  return read === size ? hash("sha256", buffer.subarray(0, size), "binary") : undefined;
}

function digestLarge(fd: number, size: number): string | undefined {
  const digest = createHash("sha256");
  let total = 0;
  for (let read = -1; read !== 0; total += read) {
    read = readSync(fd, buffer, 0, READ_BYTES, null);
    if (total + read > size) return undefined;
    digest.update(read === READ_BYTES ? buffer : buffer.subarray(0, read));
  }
  return total === size ? digest.digest("binary") : undefined;
}
