import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { dataPaths } from "../../data-directory.ts";
import { asError } from "../../errors.ts";
import { folderSizes, sizeOf, type FolderSizes } from "../../store/folder-sizes.ts";
import { lockFile } from "../../store/file-lock.ts";
import { inspectStore, type StoreReport } from "../../store/store-report.ts";

/** A data folder as it lies on the disk, whether its service runs or not. */
export interface FolderReport extends FolderSizes {
  path: string;
  isThere: boolean;
  /** A service holds it now. */
  isInUse: boolean;
  blobFiles: { count: number; bytes: number };
  store?: StoreReport;
  /** Why there is no `store`. */
  storeProblem?: string;
}

/** Looks at a data folder, and changes nothing in it. */
export function inspectFolder(directory: string): FolderReport {
  const { path, storePath, blobsPath, lockPath } = dataPaths(directory);
  const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const report: FolderReport = {
    path,
    isThere,
    isInUse: isThere && isHeld(lockPath),
    ...folderSizes(path, storePath, existingParent(path)),
    blobFiles: isThere ? countFiles(blobsPath) : { count: 0, bytes: 0 },
  };
  if (report.storeBytes === 0) return report;
  try {
    return { ...report, store: inspectStore(storePath) };
  } catch (error) {
    return { ...report, storeProblem: asError(error).message };
  }
}

function existingParent(path: string): string {
  let at = path;
  while (statSync(at, { throwIfNoEntry: false }) === undefined) at = join(at, "..");
  return at;
}

function isHeld(lockPath: string): boolean {
  if (statSync(lockPath, { throwIfNoEntry: false }) === undefined) return false;
  const release = lockFile(lockPath);
  release?.();
  return release === undefined;
}

function countFiles(folder: string): { count: number; bytes: number } {
  const files = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    : [];
  return {
    count: files.length,
    bytes: files.reduce((sum, { parentPath, name }) => sum + sizeOf(join(parentPath, name)), 0),
  };
}
