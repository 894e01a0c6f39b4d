import type { Database } from "./database.ts";

/** A context as it is stored: its entries, every body a blob. */
export interface StoredContext {
  /** Equal for equal contexts. */
  contextKey: string;
  /** JSON list of the entries. */
  files: string;
  /** Digests of the bodies, each once. */
  digests: readonly string[];
}

/** Stores the context of a build that has been recorded, unless it is there from an earlier one. */
export function storeContext(db: Database, buildId: string, { contextKey, files, digests }: StoredContext): void {
  db.run("UPDATE builds SET context_key = ? WHERE build_id = ?", [contextKey, buildId]);
  const isNew = db.run(
    "INSERT INTO contexts (context_key, files, first_build_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    [contextKey, files, buildId],
  );
  if (isNew === 0) return;
  db.run("INSERT INTO context_blobs (context_key, digest) SELECT $key, value FROM json_each($digests)", {
    $key: contextKey,
    $digests: JSON.stringify(digests),
  });
}

/** The JSON list of a context's entries; `undefined` when it is past its time. */
export function findContextFiles(db: Database, contextKey: string): string | undefined {
  return db.get<{ files: string }>("SELECT files FROM contexts WHERE context_key = ?", [contextKey])?.files;
}

/** How many of these bodies are in the context of an earlier build. */
export function countKnownBodies(db: Database, buildId: string, digests: readonly string[]): number {
  const { hits } = db.get<{ hits: number }>(
    `SELECT count(*) AS hits FROM json_each($digests)
     WHERE EXISTS (SELECT 1 FROM context_blobs JOIN contexts INDEXED BY contexts_first_build USING (context_key)
                   WHERE digest = value AND (SELECT seq FROM builds WHERE build_id = first_build_id)
                         < (SELECT seq FROM builds WHERE build_id = $build))`,
    { $digests: JSON.stringify(digests), $build: buildId },
  ) as { hits: number };
  return hits;
}

/** Forgets contexts all of whose builds ended before `before`; what they alone held can then be swept. */
export function forgetContexts(db: Database, before: string): void {
  db.transaction(() => {
    const gone = db.all<{ contextKey: string }>(
      `SELECT context_key AS contextKey FROM contexts c WHERE NOT EXISTS (
         SELECT 1 FROM builds b WHERE b.context_key = c.context_key AND (b.finished_at IS NULL OR b.finished_at >= ?))`,
      [before],
    );
    for (const { contextKey } of gone) {
      db.run("DELETE FROM context_blobs WHERE context_key = ?", [contextKey]);
      db.run("DELETE FROM contexts WHERE context_key = ?", [contextKey]);
    }
  });
}
