import { randomBytes } from "node:crypto";
import { constants, copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { dataPaths, newInstanceId } from "./data-directory.ts";
import { asError, StartupError } from "./errors.ts";
import { askAgainFor, bodyFiles, copyStore, forgetGuests } from "./store/copy-store.ts";
import { DiskRoom } from "./store/disk-room.ts";
import { MIGRATIONS } from "./store/migrations/index.ts";
import { storeVersion } from "./store/store-version.ts";

/** What a backup holds. */
export interface Backup {
  path: string;
  storeBytes: number;
  /** Bodies of build contexts that are files. */
  files: number;
  /** Bodies that the store knew of and that had gone: clients send them again when they need them. */
  missingFiles: number;
}

const SQLITE_BUSY = 5;

/**
 * Copies a data folder, also one whose service runs, into a new folder that is a data folder itself. It appears under its
 * name when it is whole.
 *
 * The copy is a service of its own, with an id of its own, and knows none of the containers of the first one: served beside
 * it, it takes and removes none of its machines. Images stay where they are, on the engine, and are found there by their names.
 *
 * @param directory the data folder
 * @param target a folder that is not there yet, or is empty
 * @throws StartupError `backup_failed`; `disk_full` when the target's disk has no room
 */
export async function backUp(directory: string, target: string, signal: AbortSignal): Promise<Backup> {
  const from = dataPaths(directory);
  const to = resolve(target);
  const version = storeVersion(from.storePath);
  if (version === 0) throw failed(`there is no store in ${from.path}. Name the data folder with --data.`);
  if (version !== MIGRATIONS.at(-1)?.number) {
    throw failed(
      `the store in ${from.path} was written by another version of nullspace-local. Use that one's command, or start this one on it once.`,
    );
  }
  refuseOccupied(to);
  if (to === from.path || to.startsWith(`${from.path}/`)) {
    throw failed(`${to} lies in the data folder itself. Name a folder outside of it, best on another disk.`);
  }
  const unfinished = dataPaths(`${to}.${randomBytes(4).toString("hex")}.unfinished`);
  try {
    mkdirSync(unfinished.path, { recursive: true, mode: 0o700 });
    mkdirSync(unfinished.blobsPath, { mode: 0o700 });
    copyStore(from.storePath, unfinished.storePath);
    // After the store: a body is there before the store knows of it, and never changes.
    const bodies = bodyFiles(unfinished.storePath);
    const missing: string[] = [];
    for (const { digest, sizeBytes } of bodies) {
      signal.throwIfAborted();
      if (!copyBody(from.blobsPath, unfinished.blobsPath, digest, sizeBytes)) missing.push(digest);
      await setImmediate();
    }
    askAgainFor(unfinished.storePath, missing);
    forgetGuests(unfinished.storePath, "It belongs to the service that this one is a backup of.");
    writeFileSync(unfinished.idPath, `${newInstanceId()}\n`, { mode: 0o600 });
    renameSync(unfinished.path, to);
    const { size } = statSync(join(to, "store.db"));
    return { path: to, storeBytes: size, files: bodies.length - missing.length, missingFiles: missing.length };
  } catch (error) {
    rmSync(unfinished.path, { recursive: true, force: true });
    throw explain(error, from.path, to, signal);
  }
}

/** Renaming over an empty folder is fine, and nothing else is overwritten. */
function refuseOccupied(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || (found.isDirectory() && readdirSync(path).length === 0)) return;
  throw failed(`${path} exists already. Name a folder that does not exist yet.`);
}

/** Shares the bytes where the file system can. @returns false when the body is not there, or is cut */
function copyBody(from: string, to: string, digest: string, sizeBytes: number): boolean {
  const [source, copy] = [from, to].map((folder) => join(folder, digest.slice(0, 2), digest)) as [string, string];
  if (statSync(source, { throwIfNoEntry: false })?.size !== sizeBytes) return false;
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  try {
    copyFileSync(source, copy, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false; // Swept in this moment.
    throw error;
  }
  return statSync(copy).size === sizeBytes;
}

function explain(error: unknown, from: string, to: string, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof StartupError) return error;
  if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
    return failed(
      `the service of ${from} holds its store exclusively on this file system. Stop it, then back up.`,
      error,
    );
  }
  if (new DiskRoom(dirname(to)).isFull(error)) {
    return new StartupError(
      `There is no room for a backup in ${dirname(to)}. Nothing was left there.`,
      "disk_full",
      error,
    );
  }
  return failed(`${asError(error).message}.`, error);
}

function failed(reason: string, cause?: unknown): StartupError {
  return new StartupError(`The backup was not made: ${reason}`, "backup_failed", cause);
}
