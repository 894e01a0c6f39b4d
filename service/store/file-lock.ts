import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

/**
 * Holds a lock that ends with the process, however it ends: the exclusive lock of an SQLite file is the operating
 * system's, so that a kill leaves nothing behind.
 *
 * @param path of a file that serves for nothing else; made if there is none
 * @returns what lets the lock go; `undefined` while another process holds it
 */
export function lockFile(path: string): (() => void) | undefined {
  const handle = new DatabaseSync(path, { timeout: 0 });
  try {
    // The lock alone is wanted: a journal in memory, because one on the disk would need room there.
    handle.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    handle.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return () => handle.close();
}
