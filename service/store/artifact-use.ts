import type { Database } from "./database.ts";

/** Something that needs an artifact's image. */
export interface ArtifactUse {
  kind: "warm_pool" | "machine";
  /** Id of the pool or machine. */
  id: string;
  /** Artifact in use. */
  templateId: string;
  /** Name for messages, e.g. `warm pool "web" (twp_…)`. */
  label: string;
  /** Whether the use forbids deleting the artifact (a pool that is not deleted does, a machine does not). */
  blocksDelete: boolean;
}

/** Answers which of `templateIds` are in use, from the store alone. */
export type ArtifactUseQuery = (db: Database, templateIds: readonly string[]) => ArtifactUse[];

/** Asks every query. */
export function findArtifactUses(
  db: Database,
  queries: readonly ArtifactUseQuery[],
  templateIds: readonly string[],
): ArtifactUse[] {
  return templateIds.length === 0 ? [] : queries.flatMap((query) => query(db, templateIds));
}
