import type { Database } from "./database.ts";

// A context has thousands of files: each of these is one statement for all of them.

/** A file body that is known. */
export interface BlobRow {
  /** SHA-256, lower-case hex. */
  digest: string;
  sizeBytes: number;
  /** Whether its bytes are here. */
  isStored: 0 | 1;
  /** Whether its bytes are a row of the store, and no file. */
  isRow: 0 | 1;
}

/** What is known of bodies; those that are not are left out. */
export function findBlobs(db: Database, digests: readonly string[]): BlobRow[] {
  return db.all<BlobRow>(
    `SELECT digest, size_bytes AS sizeBytes, stored_at IS NOT NULL AS isStored,
            EXISTS (SELECT 1 FROM blob_bytes WHERE blob_bytes.digest = blobs.digest) AS isRow FROM blobs
     WHERE digest IN (SELECT value FROM json_each(?))`,
    [JSON.stringify(digests)],
  );
}

/** Notes that bodies are wanted. @param sizes by digest; the size of a body that is here already stays as it is */
export function expectBlobs(db: Database, sizes: ReadonlyMap<string, number>, at: string): void {
  db.run(
    `INSERT INTO blobs (digest, size_bytes, stored_at, last_used_at)
     SELECT value ->> 0, value ->> 1, NULL, $at FROM json_each($bodies) WHERE true
     ON CONFLICT (digest) DO UPDATE SET last_used_at = excluded.last_used_at,
       size_bytes = CASE WHEN stored_at IS NULL THEN excluded.size_bytes ELSE size_bytes END`,
    { $bodies: JSON.stringify([...sizes]), $at: at },
  );
}

/** The bytes of bodies are here now. */
export function markBlobsStored(db: Database, digests: readonly string[], at: string): void {
  db.run(
    `UPDATE blobs SET stored_at = $at, last_used_at = $at WHERE digest IN (SELECT value FROM json_each($digests))`,
    { $at: at, $digests: JSON.stringify(digests) },
  );
}

/** The bytes of bodies are not here any more. @param before a body that came then or later stays: nobody has looked since */
export function markBlobsLost(db: Database, digests: readonly string[], before: string): void {
  db.run(
    `UPDATE blobs SET stored_at = NULL WHERE stored_at < $before AND digest IN (SELECT value FROM json_each($digests))`,
    { $before: before, $digests: JSON.stringify(digests) },
  );
}

/** Takes away bodies that no context holds and that nobody asked for since `before`. @returns their digests */
export function deleteUnusedBlobs(db: Database, before: string): string[] {
  return db
    .all<{ digest: string }>(
      `DELETE FROM blobs WHERE last_used_at < ? AND digest NOT IN (SELECT digest FROM context_blobs) RETURNING digest`,
      [before],
    )
    .map(({ digest }) => digest);
}
