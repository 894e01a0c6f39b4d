import { createHash, type Hash } from "node:crypto";
import { hostname } from "node:os";
import type { TreeRoot } from "../../context/index.ts";

/** The beginning of the name of the copies that BuildKit keeps of a folder; all of it where every file has fine times. */
export function folderKey(root: TreeRoot): Hash {
  return createHash("sha256").update(JSON.stringify([hostname(), root.latin1]));
}
