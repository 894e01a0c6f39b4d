import { createHash, type Hash } from "node:crypto";
import { type BigIntStats, closeSync, fstatSync, readSync } from "node:fs";
import { digestBytes, type EntryTable, hasDigest } from "../table/entry-table.ts";
import { latin1At } from "../table/text-column.ts";
import { sleep } from "./digest-file.ts";
import { isAsRecorded, isSameFile, settlesInMs } from "./file-identity.ts";
import { displayName } from "./latin1.ts";
import { type EntryAccess, openEntry } from "./open-entry.ts";
import { fileChanged, fromSystemError } from "./walk-errors.ts";

/** Files of a tree that was walked. */
export interface FileTree extends EntryAccess {
  readonly table: EntryTable;
}

/** Where a file's content goes. */
export interface Sink {
  room(): Buffer;
  advance(count: number): void;
}

/** A file changed too short a while ago for its times to tell a later change. */
export class NotSettled extends Error {}

/**
 * Copies a file's content, exactly as long as it was when it was hashed. A file that still looks as it did then is trusted;
 * any other is digested on the way and compared at its end. Either way it is looked at again after it was read. A file that
 * was only listed is what it is now, if it is as long, and is not read before a later change is sure to show in its times.
 *
 * @param when `settled`: waits for that, for a part of a second mostly; `now`: does not
 * @throws ContextError `file_changed`; NotSettled when it would have to wait, and is not to
 */
export function readFile(tree: FileTree, index: number, sink: Sink, when: "settled" | "now" = "settled"): void {
  const { table } = tree;
  const path = latin1At(table.paths, index);
  let fd: number;
  try {
    fd = openEntry(tree, path);
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  }
  try {
    const isListed = !hasDigest(table, index);
    const before = isListed ? settledStats(fd, when) : fstatSync(fd, { bigint: true });
    const digest = isListed || isAsRecorded(table, index, before) ? undefined : createHash("sha256");
    const isAsLong = before.isFile() && (!isListed || Number(before.size) === table.sizes[index]);
    if (!isAsLong || !copy(fd, table.sizes[index]!, sink, digest)) throw fileChanged(displayName(path), "changed");
    const isSame = digest
      ? digest.digest().equals(digestBytes(table, index)) && fstatSync(fd, { bigint: true }).size === before.size
      : isSameFile(before, fstatSync(fd, { bigint: true }));
    if (!isSame) throw fileChanged(displayName(path), "changed");
  } catch (error) {
    throw fromSystemError(error, displayName(path));
  } finally {
    closeSync(fd);
  }
}

/** What a file looks like whose last change lies a tick of the clock back: one after that has another time. */
function settledStats(fd: number, when: "settled" | "now"): BigIntStats {
  const stats = fstatSync(fd, { bigint: true });
  const waitMs = settlesInMs(stats, Date.now());
  if (waitMs === 0) return stats;
  if (when === "now") throw new NotSettled();
  sleep(waitMs);
  return fstatSync(fd, { bigint: true });
}

/** @returns false when the file ends before `size` bytes, or goes on after them */
function copy(fd: number, size: number, sink: Sink, digest: Hash | undefined): boolean {
  for (let left = size; left > 0;) {
    const room = sink.room();
    const read = readSync(fd, room, 0, Math.min(room.length, left), null);
    if (read === 0) return false;
    digest?.update(room.subarray(0, read));
    sink.advance(read);
    left -= read;
  }
  return digest === undefined || readSync(fd, Buffer.alloc(1), 0, 1, null) === 0;
}
