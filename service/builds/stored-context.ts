import type { ContextFile } from "pulumi-nullspace/wire";
import { BlobStore } from "../blobs/blob-store.ts";
import { InvalidRequestError } from "../errors.ts";
import { findContextFiles, type StoredContext } from "../store/contexts.ts";
import type { Database } from "../store/database.ts";
import type { BuildRow } from "../store/builds.ts";
import { digestOf } from "../canonical-json.ts";
import type { ContextEntry } from "./context-entries.ts";

/** Prepares a context for the store; equal contexts have one key, in whatever order their entries came. */
export function storableContext(entries: readonly ContextEntry[]): StoredContext {
  const files = entries
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, type, mode, digest }): ContextFile => ({
      path,
      entry_type: type,
      mode: mode.toString(8).padStart(4, "0"),
      ...(digest !== undefined && { blob_id: BlobStore.idOf(digest) }),
    }));
  const text = JSON.stringify(files);
  return {
    contextKey: digestOf(text),
    files: text,
    digests: [...new Set(entries.flatMap(({ digest }) => digest ?? []))],
  };
}

/**
 * The entries of a build's context.
 *
 * @throws InvalidRequestError when they are past their time
 */
export function contextFilesOf(db: Database, { buildId, contextKey }: BuildRow): ContextFile[] {
  if (contextKey === null) return [];
  const files = findContextFiles(db, contextKey);
  if (files === undefined) {
    throw new InvalidRequestError(
      `The files of build ${buildId} are past their retention and no longer kept. Start a new build.`,
      { buildId },
    );
  }
  return JSON.parse(files) as ContextFile[];
}
