import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { IS_LIVE } from "./live-machines.ts";

/** A body of a build context that is a file beside the store. */
export interface BodyFile {
  /** SHA-256, lower-case hex. */
  digest: string;
  sizeBytes: number;
}

/**
 * Copies a store, also one whose service runs: all that was committed when the copy began, and nothing later. Pages that are
 * free are left out, and with them whatever was deleted.
 *
 * @param to a file that is not there yet; it is on the disk afterwards
 * @throws the errors of SQLite, such as that of a lock
 */
export function copyStore(from: string, to: string): void {
  // SQLite writes into an empty file, which is its owner's alone from the start.
  writeFileSync(to, "", { mode: 0o600, flag: "wx" });
  const db = new DatabaseSync(from, { timeout: 5_000 });
  try {
    db.prepare("VACUUM INTO ?").run(to);
  } finally {
    db.close();
  }
  syncFile(to);
}

/** The bodies that a store promises, and that lie beside it. */
export function bodyFiles(path: string): BodyFile[] {
  return withStore(path, (db) => {
    const sql = `SELECT digest, size_bytes AS sizeBytes FROM blobs WHERE stored_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM blob_bytes WHERE blob_bytes.digest = blobs.digest) ORDER BY digest`;
    return db.prepare(sql).all() as unknown as BodyFile[];
  });
}

/** Has a store ask for bodies again that are not beside it. */
export function askAgainFor(path: string, digests: readonly string[]): void {
  if (digests.length === 0) return;
  withStore(path, (db) =>
    db
      .prepare("UPDATE blobs SET stored_at = NULL WHERE digest IN (SELECT value FROM json_each(?))")
      .run(JSON.stringify(digests)),
  );
}

/**
 * Has a store know of no guest, nor of pools on a cluster: those that it was copied with are another service's. Machines that lived end, and their
 * variables are gone.
 */
export function forgetGuests(path: string, failure: string): void {
  withStore(path, (db) => {
    db.exec("BEGIN");
    db.prepare(
      `UPDATE machines SET status = 'error', failure = $failure, envs = '{}', ended_at_ms = $now
       WHERE ${IS_LIVE}`,
    ).run({ $failure: failure, $now: Date.now() });
    db.exec("DELETE FROM guests");
    // A store that an earlier version has left does not know of them.
    const hasNative = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'native_generations'").get() !== undefined;
    if (hasNative) db.exec("DELETE FROM native_generations");
    db.exec("COMMIT");
  });
}

/** A copy has a rollback journal until a service opens it: one file holds all of it. */
function withStore<T>(path: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true });
  try {
    // As in the store of a service: what is deleted is overwritten.
    db.exec("PRAGMA secure_delete = ON");
    return work(db);
  } finally {
    db.close();
  }
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
