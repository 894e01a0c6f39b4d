import { lstatSync, readdirSync } from "node:fs";
import type { ReadJob } from "./job.ts";
import { pathBelow } from "./tree-root.ts";

/** How large a tree is still small, all that is ignored in it included. */
export interface SmallTree {
  entries: number;
  /** Bytes of the files whose content is read. */
  bytes: number;
}

const MEBIBYTE = 1024 * 1024;

/** As much as is walked and digested in about the time in which a thread that waits is asked to. */
export const SMALL_BESIDE_A_WAITING_THREAD: SmallTree = { entries: 64, bytes: MEBIBYTE };
/** And in less than it takes to start one. */
export const SMALL_BESIDE_A_NEW_THREAD: SmallTree = { entries: 512, bytes: 4 * MEBIBYTE };
/** And where files are only looked at, but for those whose times say too little. */
export const SMALL_TO_LIST: SmallTree = { entries: 4096, bytes: 4 * MEBIBYTE };

/** A folder that answers more slowly than this, on a network maybe, is not one to wait for here. */
const LONGEST_LOOK_MS = 25;

/**
 * Is the tree so small that to read all of it is not worth a thread? Looks at as many names as a small one has, at most; what
 * cannot be looked at is for the reading to say.
 */
export function isSmallTree({ root, symlinks }: ReadJob, most: SmallTree): boolean {
  const directories = [""];
  let entries = 0;
  let bytes = 0;
  const end = performance.now() + LONGEST_LOOK_MS;
  try {
    for (const directory of directories) {
      const found = readdirSync(pathBelow(root, directory), { withFileTypes: true, encoding: "latin1" });
      entries += found.length;
      if (entries > most.entries || performance.now() > end) return false;
      for (const entry of found) {
        const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) directories.push(path);
        else if (entry.isFile()) {
          bytes += lstatSync(pathBelow(root, path)).size;
        }
        // It may lead to a large tree.
        else if (entry.isSymbolicLink() && symlinks === "copy") return false;
      }
      if (bytes > most.bytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}
