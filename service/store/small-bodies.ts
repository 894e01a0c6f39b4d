import type { Database } from "./database.ts";

/** Bodies up to this size are rows of the store; larger ones are files. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** A body with its SHA-256, lower-case hex. */
export interface SmallBody {
  digest: string;
  bytes: Uint8Array;
}

/** Bodies of small files, in the store itself: many of them cost one transaction, and one statement to read. */
export class SmallBodies {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes bodies whose rows in `blobs` exist; those that are there already stay as they are. */
  write(bodies: readonly SmallBody[]): void {
    this.#db.transaction(() => {
      for (const { digest, bytes } of bodies) {
        this.#db.run("INSERT INTO blob_bytes (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", [digest, bytes]);
      }
    });
  }

  /** Bytes by digest; those that are not here are left out. */
  read(digests: readonly string[]): Map<string, Uint8Array> {
    const rows = this.#db.all<SmallBody>(
      "SELECT digest, bytes FROM blob_bytes WHERE digest IN (SELECT value FROM json_each(?))",
      [JSON.stringify(digests)],
    );
    return new Map(rows.map(({ digest, bytes }) => [digest, bytes]));
  }
}
