import { latin1At, type TextColumn } from "../table/text-column.ts";
import { displayName, isAscii, systemPath } from "./latin1.ts";

const MOST_ASCII = 0x7f;

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

/** Paths as they are put together: of one batch at a time, so that there is no second one. */
let joined = Buffer.allocUnsafeSlow(0);

/**
 * As {@link pathBelow}, for the entries of a column from `start` up to `end`, in a fraction of the time: they are pieces of
 * one string. (What is put together of two is copied once more by whoever takes it.)
 */
export function pathsBelow(root: TreeRoot, column: TextColumn, start: number, end: number): (string | Buffer)[] {
  const { bytes, offsets } = column;
  const prefix = Buffer.from(`${root.latin1}/`, "latin1");
  const total = (end - start) * prefix.length + offsets[end]! - offsets[start]!;
  if (joined.length < total) joined = Buffer.allocUnsafeSlow(total);
  let at = 0;
  let all = 0;
  for (let index = start; index < end; index++) {
    joined.set(prefix, at);
    at += prefix.length;
    for (let from = offsets[index]!; from < offsets[index + 1]!; from++) {
      const byte = bytes[from]!;
      joined[at++] = byte;
      all |= byte;
    }
  }
  const paths: (string | Buffer)[] = [];
  if (all > MOST_ASCII || !isAscii(root.latin1)) {
    for (let index = start; index < end; index++) paths.push(pathBelow(root, latin1At(column, index)));
    return paths;
  }
  const text = joined.toString("latin1", 0, at);
  let from = 0;
  for (let index = start; index < end; index++) {
    const to = from + prefix.length + offsets[index + 1]! - offsets[index]!;
    paths.push(to === from + prefix.length ? root.latin1 : text.slice(from, to));
    from = to;
  }
  return paths;
}

/** The path for people: bytes that are not UTF-8 as `\xNN`. */
export function displayRoot(root: TreeRoot): string {
  return displayName(root.latin1);
}
