import { lstatSync, readdirSync } from "node:fs";
import { pathBelow, type TreeRoot } from "./tree-root.ts";

/** As many entries, with as many bytes, as are walked and digested in about the time in which a thread is asked to. */
const MOST_ENTRIES = 64;
const MOST_BYTES = 1024 * 1024;

/**
 * Is the tree, all that is ignored in it included, so small that it is not worth a thread? Looks at a few names at most; what
 * cannot be looked at is for the reading to say.
 */
export function isSmallTree(root: TreeRoot): boolean {
  const directories = [""];
  let entries = 0;
  let bytes = 0;
  try {
    for (const directory of directories) {
      const found = readdirSync(pathBelow(root, directory), { withFileTypes: true, encoding: "latin1" });
      entries += found.length;
      if (entries > MOST_ENTRIES) return false;
      for (const entry of found) {
        const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
        if (entry.isDirectory()) directories.push(path);
        else if (entry.isFile()) bytes += lstatSync(pathBelow(root, path)).size;
        // A link may lead to a large tree.
        else return false;
      }
      if (bytes > MOST_BYTES) return false;
    }
    return true;
  } catch {
    return false;
  }
}
