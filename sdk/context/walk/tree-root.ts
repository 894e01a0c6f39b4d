import { displayName, systemPath } from "./latin1.ts";

/**
 * Where a tree lies: its real, absolute path. Not a string, so that nobody joins it to a name by hand: names are read as
 * Latin-1, one character a byte, and text put before them gives a path that does not exist as soon as one letter is outside
 * ASCII. Plain data: it crosses thread borders and is part of keys.
 */
export interface TreeRoot {
  /** The path's bytes, one character each. */
  readonly latin1: string;
}

/** @param realPath bytes of an absolute path without links in it; they need not be UTF-8 */
export function treeRoot(realPath: Buffer): TreeRoot {
  return { latin1: realPath.toString("latin1") };
}

/**
 * What a system call takes for an entry of the tree: the only place where a root and a name meet.
 *
 * @param entry path below the root, Latin-1; empty for the root itself
 */
export function pathBelow(root: TreeRoot, entry: string): string | Buffer {
  return systemPath(entry === "" ? root.latin1 : `${root.latin1}/${entry}`);
}

/** The path for people: bytes that are not UTF-8 as `\xNN`. */
export function displayRoot(root: TreeRoot): string {
  return displayName(root.latin1);
}
