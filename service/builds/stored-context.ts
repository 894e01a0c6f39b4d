import type { ContextFile } from "pulumi-nullspace/wire";
import { BlobStore } from "../blobs/blob-store.ts";
import { InvalidRequestError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { BuildRecord } from "./build-record.ts";
import { digestOf } from "../canonical-json.ts";
import type { ContextEntry } from "./context-entries.ts";

/** A context as it is stored: its entries, every body a blob, sorted by path. */
export interface StorableContext {
  key: string;
  /** JSON list of the entries. */
  files: string;
  digests: string[];
}

/** Prepares a context for the store; equal contexts have one key, in whatever order their entries came. */
export function storableContext(entries: readonly ContextEntry[]): StorableContext {
  const files = entries
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, type, mode, digest }): ContextFile => ({
      path,
      entry_type: type,
      mode: mode.toString(8).padStart(4, "0"),
      ...(digest !== undefined && { blob_id: BlobStore.idOf(digest) }),
    }));
  const text = JSON.stringify(files);
  return { key: digestOf(text), files: text, digests: [...new Set(entries.flatMap(({ digest }) => digest ?? []))] };
}

/** Stores the context of a build that has been recorded, unless it is there from an earlier one. */
export function storeContext(db: Database, buildId: string, { key, files, digests }: StorableContext): void {
  db.run("UPDATE builds SET context_key = ? WHERE build_id = ?", [key, buildId]);
  const isNew = db.run(
    "INSERT INTO contexts (context_key, files, first_build_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    [key, files, buildId],
  );
  if (isNew === 0) return;
  db.run("INSERT INTO context_blobs (context_key, digest) SELECT $key, value FROM json_each($digests)", {
    $key: key,
    $digests: JSON.stringify(digests),
  });
}

/**
 * The entries of a build's context.
 *
 * @throws InvalidRequestError when they are past their time
 */
export function contextFilesOf(db: Database, { build_id, context_key }: BuildRecord): ContextFile[] {
  if (context_key === null) return [];
  const row = db.get<{ files: string }>("SELECT files FROM contexts WHERE context_key = ?", [context_key]);
  if (row === undefined) {
    throw new InvalidRequestError(
      `The files of build ${build_id} are past their retention and no longer kept. Start a new build.`,
      { buildId: build_id },
    );
  }
  return JSON.parse(row.files) as ContextFile[];
}

/** Forgets contexts all of whose builds ended before `before`; what they alone held can then be swept. */
export function forgetContexts(db: Database, before: string): void {
  db.transaction(() => {
    const gone = db.all<{ context_key: string }>(
      `SELECT context_key FROM contexts c WHERE NOT EXISTS (
         SELECT 1 FROM builds b WHERE b.context_key = c.context_key AND (b.finished_at IS NULL OR b.finished_at >= ?))`,
      [before],
    );
    for (const { context_key } of gone) {
      db.run("DELETE FROM context_blobs WHERE context_key = ?", [context_key]);
      db.run("DELETE FROM contexts WHERE context_key = ?", [context_key]);
    }
  });
}
