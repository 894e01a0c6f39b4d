import { latin1At, latin1Between, type TextColumn } from "../table/text-column.ts";
import { displayName, isAscii, systemPath } from "./latin1.ts";

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

/**
 * As {@link pathBelow}, for the entries of a column from `start` up to `end`: to decode them together takes a fraction of the
 * time.
 */
export function pathsBelow(root: TreeRoot, column: TextColumn, start: number, end: number): (string | Buffer)[] {
  const paths: (string | Buffer)[] = [];
  const { offsets } = column;
  const from = offsets[start]!;
  const text = latin1Between(column, start, end);
  if (!isAscii(root.latin1) || !isAscii(text)) {
    for (let index = start; index < end; index++) paths.push(pathBelow(root, latin1At(column, index)));
    return paths;
  }
  const prefix = `${root.latin1}/`;
  for (let index = start; index < end; index++) {
    const entry = text.slice(offsets[index]! - from, offsets[index + 1]! - from);
    paths.push(entry === "" ? root.latin1 : prefix + entry);
  }
  return paths;
}

/** The path for people: bytes that are not UTF-8 as `\xNN`. */
export function displayRoot(root: TreeRoot): string {
  return displayName(root.latin1);
}
