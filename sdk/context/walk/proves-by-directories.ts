import { statfsSync } from "node:fs";
import type { ReadJob } from "./job.ts";
import { pathBelow, type TreeRoot } from "./tree-root.ts";

/**
 * Kinds of file systems (`f_type` of Linux) that change a directory's times whenever its names change. Others may do so as
 * well; a network's or a user's own may not, or late.
 */
const ORDERLY = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
]);

/** Whether the times of the directories that a job lists can prove that nothing has come or gone. */
export function provesByDirectories({ root, symlinks, sources, digests }: ReadJob): boolean {
  // With links followed, what they lead to may change; on the way to sources directories are not listed.
  return symlinks !== "copy" && sources === undefined && digests === "all" && isOrderly(root);
}

function isOrderly(root: TreeRoot): boolean {
  try {
    return process.platform === "linux" && ORDERLY.has(statfsSync(pathBelow(root, "")).type);
  } catch {
    return false;
  }
}
