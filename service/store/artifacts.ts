import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** Available; expired: past its retention; purged: deleted, or expired and reclaimed. */
export type ArtifactState = "available" | "expired" | "purged";

/** What a build that is ready left behind. */
export interface ArtifactRow {
  templateId: string;
  buildId: string;
  imageId: string;
  imageRef: string;
  /** Equal for builds that would make the same artifact; `null`: that cannot be told. */
  reuseKey: string | null;
  state: ArtifactState;
  /** Since when nothing pins it; `null`: something does, as far as is known. */
  unpinnedAt: string | null;
  createdAt: string;
  /** `null`: the image is still kept. */
  imageRemovedAt: string | null;
  /** Since when the image is not there, though nobody here removed it; `null`: it is there. */
  imageMissingSince: string | null;
  /** When a machine, a pool or a build last began to use it; `null`: none has, as far as is known. */
  lastUsedAt: string | null;
}

export const ARTIFACT = columns<ArtifactRow>({
  templateId: true,
  buildId: true,
  imageId: true,
  imageRef: true,
  reuseKey: true,
  state: true,
  unpinnedAt: true,
  createdAt: true,
  imageRemovedAt: true,
  imageMissingSince: true,
  lastUsedAt: true,
});
const SELECT = `SELECT ${ARTIFACT.select()} FROM artifacts`;

/** A new artifact. */
export type NewArtifact = Pick<
  ArtifactRow,
  "templateId" | "buildId" | "imageId" | "imageRef" | "reuseKey" | "unpinnedAt" | "createdAt"
>;

export function insertArtifact(db: Database, artifact: NewArtifact): void {
  const row: ArtifactRow = {
    ...artifact,
    state: "available",
    imageRemovedAt: null,
    imageMissingSince: null,
    lastUsedAt: null,
  };
  db.run(`INSERT INTO artifacts ${ARTIFACT.values()}`, ARTIFACT.binds(row));
}

/** The artifact of a build. */
export function artifactOfBuild(db: Database, buildId: string): ArtifactRow | undefined {
  return db.get<ArtifactRow>(`${SELECT} WHERE build_id = ?`, [buildId]);
}

/** Artifacts that are neither deleted nor let go. */
export function availableArtifacts(db: Database): ArtifactRow[] {
  return db.all<ArtifactRow>(`${SELECT} WHERE state = 'available'`);
}

/** Those of one template. */
export function availableArtifactsOf(db: Database, templateKey: number): ArtifactRow[] {
  return db.all<ArtifactRow>(
    `${SELECT} WHERE state = 'available' AND build_id IN (SELECT build_id FROM builds WHERE template_key = ?)`,
    [templateKey],
  );
}

/** Whether an artifact has been neither deleted nor let go. */
export function isAvailable(db: Database, templateId: string): boolean {
  return db.get("SELECT 1 FROM artifacts WHERE template_id = ? AND state = 'available'", [templateId]) !== undefined;
}

/** The newest artifact that was made from the same input and is still kept. */
export function findReusable(db: Database, reuseKey: string): ArtifactRow | undefined {
  return db.get<ArtifactRow>(`${SELECT} WHERE reuse_key = ? AND state = 'available' ORDER BY seq DESC LIMIT 1`, [
    reuseKey,
  ]);
}

/** Ids of the artifacts whose images are kept. */
export function keptArtifactIds(db: Database): string[] {
  return db
    .all<{ templateId: string }>("SELECT template_id AS templateId FROM artifacts WHERE image_removed_at IS NULL")
    .map(({ templateId }) => templateId);
}

/** Artifacts whose image is to go and is still kept. */
export function artifactsToRemove(db: Database): ArtifactRow[] {
  return db.all<ArtifactRow>(`${SELECT} WHERE state <> 'available' AND image_removed_at IS NULL`);
}

/**
 * Available artifacts that no tag and no template built on them needs, the one that has been of no use for longest first;
 * those of builtin templates are always needed.
 */
export function unpinnedArtifacts(db: Database): ArtifactRow[] {
  return db.all<ArtifactRow>(
    `SELECT ${ARTIFACT.select("a")} FROM artifacts a JOIN builds b USING (build_id) JOIN templates t USING (template_key)
     WHERE a.state = 'available' AND t.builtin = 0
       AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.build_id = a.build_id)
       AND NOT EXISTS (SELECT 1 FROM builds child JOIN artifacts ca USING (build_id)
                       WHERE child.base_template_id = a.template_id AND ca.state = 'available')
       AND NOT EXISTS (SELECT 1 FROM builds child
                       WHERE child.base_template_id = a.template_id AND child.status IN ('waiting', 'building'))
     ORDER BY a.idle_seq`,
  );
}

/** Since when an artifact that nothing pins is of no use to anyone; `null`: something pins it, as far as is known. */
export function idleSince({ unpinnedAt, lastUsedAt }: Pick<ArtifactRow, "unpinnedAt" | "lastUsedAt">): string | null {
  return unpinnedAt === null || lastUsedAt === null || lastUsedAt < unpinnedAt ? unpinnedAt : lastUsedAt;
}

/** Somebody begins to use an artifact. */
export function touchArtifact(db: Database, templateId: string, at: string): void {
  db.run("UPDATE artifacts SET last_used_at = ? WHERE template_id = ?", [at, templateId]);
}

/** Changes members of an artifact. */
export function updateArtifact(
  db: Database,
  templateId: string,
  change: Partial<Pick<ArtifactRow, "state" | "unpinnedAt" | "imageRemovedAt">>,
): void {
  db.run(`UPDATE artifacts SET ${ARTIFACT.assignments(change)} WHERE template_id = $id`, {
    ...ARTIFACT.binds(change),
    $id: templateId,
  });
}

/** Notes whether the image of an available artifact is there. @param since `null`: it is. @returns whether that is news */
export function markImageMissing(db: Database, templateId: string, since: string | null): boolean {
  return (
    db.run(
      `UPDATE artifacts SET image_missing_since = $since
       WHERE template_id = $id AND state = 'available' AND (image_missing_since IS NULL) <> ($since IS NULL)`,
      { $id: templateId, $since: since },
    ) > 0
  );
}

/** A tag points at the build again: its artifact is pinned. */
export function pinArtifact(db: Database, buildId: string): void {
  db.run("UPDATE artifacts SET unpinned_at = NULL WHERE build_id = ?", [buildId]);
}

/** A tag has left the build: its artifact is unpinned from now on, unless it has another one. */
export function unpinUntagged(db: Database, buildId: string, at: string): void {
  db.run(
    `UPDATE artifacts SET unpinned_at = $at
     WHERE build_id = $build AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.build_id = $build)`,
    { $at: at, $build: buildId },
  );
}

/** Lets all artifacts of a template go. */
export function purgeArtifactsOf(db: Database, templateKey: number): void {
  db.run(
    "UPDATE artifacts SET state = 'purged' WHERE build_id IN (SELECT build_id FROM builds WHERE template_key = ?)",
    [templateKey],
  );
}
