import { statfsSync, statSync } from "node:fs";
import { heldBack } from "./disk-room.ts";

/** Bytes of a data folder and of the disk that it is on. */
export interface FolderSizes {
  freeBytes: number;
  totalBytes: number;
  /** Held back for a full disk. */
  reserveBytes: number;
  storeBytes: number;
  /** The write-ahead log. */
  logFileBytes: number;
}

/** Measures a data folder. @param disk a folder that is there, on the same disk. Default the data folder */
export function folderSizes(path: string, storePath: string, disk: string = path): FolderSizes {
  const { bavail, blocks, bsize } = statfsSync(disk);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    reserveBytes: heldBack(path),
    storeBytes: sizeOf(storePath),
    logFileBytes: sizeOf(`${storePath}-wal`),
  };
}

/** Bytes of a file; 0: there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
