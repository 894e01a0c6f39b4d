import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { displayName, systemPath } from "./latin1.ts";
import { pathBelow, type TreeRoot } from "./tree-root.ts";
import { linkLeft } from "./walk-errors.ts";

// What links lead to is read inside of the context alone, whatever happens to them meanwhile. So with links followed the
// system is asked, of every file that is open, where it lies, before a byte of it is read. An entry that is no link is opened
// by its own path: to ask for the real one takes a call for every directory on the way. Where the system does not say where
// an open file lies, it is always the real path that is opened, which has no links, and it is looked at again afterwards.

/** Where entries are looked for, and how. */
export interface EntryAccess {
  readonly root: TreeRoot;
  /** Links stand for what they lead to, which has to lie below the root. */
  readonly followLinks: boolean;
}

/** Never blocks on a FIFO that took a file's place (O_NONBLOCK). A link that did is not followed (O_NOFOLLOW). */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Opens an entry to read it: a file or a directory.
 *
 * @param path below the root, Latin-1; empty for the root itself
 * @throws ContextError `file_changed` when links are followed and it no longer lies inside; else the system's errors
 */
export function openEntry({ root, followLinks }: EntryAccess, path: string): number {
  if (!followLinks) return openPlace(pathBelow(root, path));
  return openUnlinked(root, path) ?? openReal(root, path);
}

/** Opens the entry that lies there, where links are not followed. @param place what {@link pathBelow} says of it */
export function openPlace(place: string | Buffer): number {
  return openSync(place, OPEN_FLAGS);
}

/** @returns `undefined` for a link, and where the system does not say where an open file lies */
function openUnlinked(root: TreeRoot, path: string): number | undefined {
  let fd: number;
  try {
    fd = openPlace(pathBelow(root, path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") return undefined;
    throw error;
  }
  const place = placeOf(fd);
  if (place !== undefined && isInside(root, place)) return fd;
  closeSync(fd);
  if (place === undefined) return undefined;
  throw linkLeft(displayName(path));
}

function openReal(root: TreeRoot, path: string): number {
  const real = realPathInside(root, path);
  const fd = openSync(systemPath(real), OPEN_FLAGS);
  try {
    if (!isOpenInside(root, real, fd)) throw linkLeft(displayName(path));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** As {@link openEntry}, for who may not block. */
export async function openEntryHandle({ root, followLinks }: EntryAccess, path: string): Promise<FileHandle> {
  if (!followLinks) return open(pathBelow(root, path), OPEN_FLAGS);
  const real = (await realpath(pathBelow(root, path), { encoding: "buffer" })).toString("latin1");
  if (!isInside(root, real)) throw linkLeft(displayName(path));
  const file = await open(systemPath(real), OPEN_FLAGS);
  try {
    if (!isOpenInside(root, real, file.fd)) throw linkLeft(displayName(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * What an entry looks like, links followed or not.
 *
 * @returns `undefined` for one that is not there
 * @throws ContextError `file_changed` when links are followed and it no longer lies inside; else the system's errors
 */
export function statEntry({ root, followLinks }: EntryAccess, path: string): BigIntStats | undefined {
  const place = followLinks ? systemPath(realPathInside(root, path)) : pathBelow(root, path);
  return lstatSync(place, { bigint: true, throwIfNoEntry: false });
}

/**
 * As {@link statEntry}, for who only compares it with what was seen before: the directories on the way are not looked at,
 * and one that has become a link is for the walk to find.
 */
export function glanceAtEntry(access: EntryAccess, path: string): BigIntStats | undefined {
  const stats = lstatSync(pathBelow(access.root, path), { bigint: true, throwIfNoEntry: false });
  return access.followLinks && stats?.isSymbolicLink() ? statEntry(access, path) : stats;
}

/**
 * Looks into a directory. With links followed it is open meanwhile, and `look` is given a path that leads to what was opened,
 * whatever becomes of its name. (Where the system has no such paths, it is the real one, and looked at again afterwards.)
 *
 * @param look is given a path in Latin-1, and with links followed the descriptor
 * @throws ContextError `file_changed` when links are followed and it no longer lies inside; else the system's errors
 */
export function lookInto<T>(access: EntryAccess, path: string, look: (directory: string, fd?: number) => T): T {
  const { root, followLinks } = access;
  if (!followLinks) return look(path === "" ? root.latin1 : `${root.latin1}/${path}`);
  const fd = openEntry(access, path);
  try {
    if (placeOf(fd) !== undefined) return look(descriptorPath(fd), fd);
    const real = realPathInside(root, path);
    const seen = look(real, fd);
    if (!isStillAt(real, fd)) throw linkLeft(displayName(path));
    return seen;
  } finally {
    closeSync(fd);
  }
}

/** Where an entry lies when all links are followed, Latin-1; it may be outside. */
export function realPathOf(root: TreeRoot, path: string): string {
  return realpathSync.native(pathBelow(root, path), "latin1");
}

/** Whether a path without links is the root's or lies below it. */
export function isInside({ latin1: root }: TreeRoot, real: string): boolean {
  return real === root || real.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function realPathInside(root: TreeRoot, path: string): string {
  const real = realPathOf(root, path);
  if (!isInside(root, real)) throw linkLeft(displayName(path));
  return real;
}

/** Whether the file that is open lies inside; `real` is where it was opened. */
export function isOpenInside(root: TreeRoot, real: string, fd: number): boolean {
  const place = placeOf(fd);
  return place === undefined ? isStillAt(real, fd) : isInside(root, place);
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Where an open file lies, as the system says; `undefined` where it does not say, as only Linux does. */
function placeOf(fd: number): string | undefined {
  try {
    return readlinkSync(descriptorPath(fd), "latin1");
  } catch {
    return undefined; // Other systems have other ways, but none that Node offers: a second look has to do.
  }
}

/** Whether a path leads to the open file, through no link. */
export function isStillAt(real: string, fd: number): boolean {
  const [there, opened] = [lstatSync(systemPath(real), { bigint: true }), fstatSync(fd, { bigint: true })];
  return (
    there.ino === opened.ino && there.dev === opened.dev && realpathSync.native(systemPath(real), "latin1") === real
  );
}
