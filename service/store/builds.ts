import { MARK_TAG_PREFIX } from "pulumi-nullspace/wire";
import { ARTIFACT, type ArtifactRow } from "./artifacts.ts";
import { columns } from "./columns.ts";
import type { Database } from "./database.ts";
import { firstTag } from "./tags.ts";
import type { TemplateRow } from "./templates.ts";

/** Where a build is in its life; `ready`, `error` and `cancelled` are final. */
export type BuildState = "waiting" | "building" | "ready" | "error" | "cancelled";

/** A row of the table `builds`. JSON columns are text. */
export interface BuildRow {
  buildId: string;
  templateId: string;
  templateKey: number;
  name: string;
  tags: string;
  status: BuildState;
  buildBackend: "native" | "buildkit";
  sourceType: "declarative" | "dockerfile" | "oci_import" | "template_base";
  sourceDigest: string;
  contextDigest: string | null;
  /** `null`: no context. */
  contextKey: string | null;
  dockerfileDigest: string | null;
  /** The request without its files and without a credential. */
  definition: string;
  needsCredentials: 0 | 1;
  inlineContext: 0 | 1;
  baseTemplateId: string | null;
  /** Name of the caller. */
  triggeredBy: string;
  /** Its key; `null`: the service itself, or one of before keys had names. */
  keyId: string | null;
  createdAt: string;
  updatedAt: string;
  queuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  failurePhase: string | null;
  error: string | null;
  errorDetail: string | null;
  cacheSummary: string | null;
  ociMetadata: string | null;
  /** JSON of an `ArtifactRuntime`; `null` until the build is ready, and for builds of older services. */
  runtime: string | null;
  retryOfBuildId: string | null;
  originalBuildId: string | null;
  cancelRequestedAt: string | null;
  cancelRequestedBy: string | null;
  cancellationReason: string | null;
  /** How often the engine went away in the middle of it. */
  engineCuts: number;
  nextOffset: number;
  logBytes: number;
  /** W3C header of the span of the request; `null`: nothing was traced. */
  traceparent: string | null;
}

export const BUILD = columns<BuildRow>({
  buildId: true,
  templateId: true,
  templateKey: true,
  name: true,
  tags: true,
  status: true,
  buildBackend: true,
  sourceType: true,
  sourceDigest: true,
  contextDigest: true,
  contextKey: true,
  dockerfileDigest: true,
  definition: true,
  needsCredentials: true,
  inlineContext: true,
  baseTemplateId: true,
  triggeredBy: true,
  keyId: true,
  createdAt: true,
  updatedAt: true,
  queuedAt: true,
  startedAt: true,
  finishedAt: true,
  failurePhase: true,
  error: true,
  errorDetail: true,
  cacheSummary: true,
  ociMetadata: true,
  runtime: true,
  retryOfBuildId: true,
  originalBuildId: true,
  cancelRequestedAt: true,
  cancelRequestedBy: true,
  cancellationReason: true,
  engineCuts: true,
  nextOffset: true,
  logBytes: true,
  traceparent: true,
});
const SELECT = `SELECT ${BUILD.select()} FROM builds`;

/** What a new build begins with; what is left out is null, or 0 for a count. */
export type NewBuild = Pick<
  BuildRow,
  | "buildId"
  | "templateId"
  | "templateKey"
  | "name"
  | "tags"
  | "status"
  | "buildBackend"
  | "sourceType"
  | "sourceDigest"
  | "definition"
  | "needsCredentials"
  | "inlineContext"
  | "triggeredBy"
  | "createdAt"
> &
  Partial<BuildRow>;

export function insertBuild(db: Database, build: NewBuild): void {
  const row: BuildRow = {
    contextDigest: null,
    contextKey: null,
    dockerfileDigest: null,
    baseTemplateId: null,
    keyId: null,
    updatedAt: build.createdAt,
    queuedAt: build.createdAt,
    startedAt: null,
    finishedAt: null,
    failurePhase: null,
    error: null,
    errorDetail: null,
    cacheSummary: null,
    ociMetadata: null,
    runtime: null,
    retryOfBuildId: null,
    originalBuildId: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancellationReason: null,
    engineCuts: 0,
    nextOffset: 0,
    logBytes: 0,
    traceparent: null,
    ...build,
  };
  db.run(`INSERT INTO builds ${BUILD.values()}`, BUILD.binds(row));
}

export function findBuild(db: Database, buildId: string): BuildRow | undefined {
  return db.get<BuildRow>(`${SELECT} WHERE build_id = ?`, [buildId]);
}

/** The build of an artifact, whatever became of it. */
export function buildOfArtifact(db: Database, templateId: string): BuildRow | undefined {
  return db.get<BuildRow>(`${SELECT} WHERE template_id = ?`, [templateId]);
}

/** Builds that wait or run, in the order they came. */
export function openBuilds(db: Database): BuildRow[] {
  return db.all<BuildRow>(`${SELECT} WHERE status IN ('waiting', 'building') ORDER BY seq`);
}

/** Ids of those of one template. */
export function openBuildsOf(db: Database, templateKey: number): string[] {
  return db
    .all<{ buildId: string }>(
      "SELECT build_id AS buildId FROM builds WHERE template_key = ? AND status IN ('waiting', 'building')",
      [templateKey],
    )
    .map(({ buildId }) => buildId);
}

/** Whether a build waits or runs. */
export function isBuildOpen(db: Database, buildId: string): boolean {
  const open = db.get("SELECT 1 FROM builds WHERE build_id = ? AND status IN ('waiting', 'building')", [buildId]);
  return open !== undefined;
}

/** Which builds of a template. */
export interface BuildQuery {
  status?: string | undefined;
  buildBackend?: string | undefined;
  sourceType?: string | undefined;
  /** Only builds that were accepted before the one with this number. */
  before?: number | undefined;
  limit: number;
}

/** A build with its place in the order in which all builds were accepted. */
export interface NumberedBuild extends BuildRow {
  seq: number;
}

/** Builds of a template, or of all, the one accepted last first. */
export function buildsOf(db: Database, templateKey: number | undefined, query: BuildQuery): NumberedBuild[] {
  const { status, buildBackend, sourceType, before = Number.MAX_SAFE_INTEGER, limit } = query;
  // Those that have not ended are few and have an index of their own, which serves who repeats its condition; by their
  // numbers it would be all builds that are looked through.
  const isOpen = templateKey === undefined && (status === "waiting" || status === "building");
  const seq = isOpen ? "+seq" : "seq";
  // Only what is asked for stands in the statement: a condition that may be left out is one that no index serves.
  const conditions = [
    ...(templateKey === undefined ? [] : ["template_key = $key"]),
    `${seq} < $before`,
    ...(status === undefined ? [] : ["status = $status"]),
    ...(isOpen ? ["status IN ('waiting', 'building')"] : []),
    ...(buildBackend === undefined ? [] : ["build_backend = $backend"]),
    ...(sourceType === undefined ? [] : ["source_type = $sourceType"]),
  ];
  return db.all<NumberedBuild>(
    `SELECT ${BUILD.select()}, seq FROM builds WHERE ${conditions.join(" AND ")} ORDER BY ${seq} DESC LIMIT $limit`,
    {
      ...(templateKey !== undefined && { $key: templateKey }),
      ...(status !== undefined && { $status: status }),
      ...(buildBackend !== undefined && { $backend: buildBackend }),
      ...(sourceType !== undefined && { $sourceType: sourceType }),
      $before: before,
      $limit: limit,
    },
  );
}

/** Changes members of a build. @param from only while its status is one of these. @returns whether it did */
export function updateBuild(
  db: Database,
  buildId: string,
  change: Partial<BuildRow>,
  from: readonly BuildState[],
): boolean {
  return (
    db.run(
      `UPDATE builds SET ${BUILD.assignments(change)}
       WHERE build_id = $id AND status IN (SELECT value FROM json_each($from))`,
      { ...BUILD.binds(change), $id: buildId, $from: JSON.stringify(from) },
    ) > 0
  );
}

/** Counts that the engine went away in the middle of a build. */
export function countEngineCut(db: Database, buildId: string): void {
  db.run("UPDATE builds SET engine_cuts = engine_cuts + 1 WHERE build_id = ?", [buildId]);
}

/** Whether an image belongs to a build that is on its way, or to an artifact that still has it. */
export function isImageWanted(db: Database, templateId: string): boolean {
  const wanted = db.get(
    `SELECT 1 FROM builds b LEFT JOIN artifacts a USING (build_id)
     WHERE b.template_id = ?
       AND (b.status IN ('waiting', 'building') OR (a.build_id IS NOT NULL AND a.image_removed_at IS NULL))`,
    [templateId],
  );
  return wanted !== undefined;
}

const OF_BUILD = ["buildId", "templateId", "templateKey", "status", "definition", "runtime"] as const;
const OF_ARTIFACT = ["imageId", "imageRef", "state", "imageMissingSince"] as const;

/** A build beside what it left behind; the members of the artifact are `null` when there is none. */
export type BuildWithArtifact = Pick<BuildRow, (typeof OF_BUILD)[number]> & {
  [Member in (typeof OF_ARTIFACT)[number]]: ArtifactRow[Member] | null;
};

const WITH_ARTIFACT_COLUMNS = `${BUILD.select("b", OF_BUILD)}, ${ARTIFACT.select("a", OF_ARTIFACT)}`;

const WITH_ARTIFACT = `
  SELECT ${WITH_ARTIFACT_COLUMNS}
  FROM builds b JOIN templates t USING (template_key) LEFT JOIN artifacts a USING (build_id)`;

/** A build that was asked for under a tag of its own, or has been given one since: see `MARK_TAG_PREFIX`. */
const WENT_LIVE = `(
  EXISTS (SELECT 1 FROM json_each(b.tags) WHERE value NOT LIKE '${MARK_TAG_PREFIX}%')
  OR EXISTS (SELECT 1 FROM tags WHERE tags.build_id = b.build_id AND tag NOT LIKE '${MARK_TAG_PREFIX}%'))`;

/** The build of an artifact whose template is not deleted. */
export function liveBuildOfArtifact(db: Database, templateId: string): BuildWithArtifact | undefined {
  return db.get<BuildWithArtifact>(`${WITH_ARTIFACT} WHERE b.template_id = ? AND t.deleted_at IS NULL`, [templateId]);
}

/** A build of a template. */
export function buildOfTemplate(db: Database, templateKey: number, buildId: string): BuildWithArtifact | undefined {
  return db.get<BuildWithArtifact>(`${WITH_ARTIFACT} WHERE b.build_id = ? AND b.template_key = ?`, [
    buildId,
    templateKey,
  ]);
}

/** The build that a tag points at. */
export function buildUnderTag(db: Database, templateKey: number, tag: string): BuildWithArtifact | undefined {
  return db.get<BuildWithArtifact>(
    `${WITH_ARTIFACT} WHERE b.build_id = (SELECT build_id FROM tags WHERE template_key = ? AND tag = ?)`,
    [templateKey, tag],
  );
}

/** Id of the build that became ready last, of those that went live and whose image is there. @param key SQL of the template */
function newestLive(key: string): string {
  return `SELECT a.build_id FROM artifacts a JOIN builds b USING (build_id)
    WHERE a.of_template = ${key} AND a.state = 'available' AND a.image_missing_since IS NULL AND ${WENT_LIVE}
    ORDER BY a.seq DESC LIMIT 1`;
}

/** The build that became ready last, of those that went live and whose image is there. */
export function newestLiveBuild(db: Database, templateKey: number): BuildWithArtifact | undefined {
  return db.get<BuildWithArtifact>(`${WITH_ARTIFACT} WHERE b.build_id = (${newestLive("?")})`, [templateKey]);
}

/** A template with the build that its bare name means, whose image is there. */
export interface UsableTemplate
  extends BuildWithArtifact, Pick<TemplateRow, "namespace" | "name" | "visibility" | "builtin"> {
  imageId: string;
  imageRef: string;
  /** Tag that the bare name means; `null`: the build that became ready last. */
  defaultTag: string | null;
  /** JSON list of the tags of the build, sorted. */
  tags: string;
}

/**
 * Live templates that have something to start from: builtins first, then by `namespace/name`. One statement, whose work
 * does not grow with the builds that a template has had.
 *
 * @param defaultTags tags that a bare name means, the first that is there
 */
export function usableTemplates(db: Database, defaultTags: readonly string[]): UsableTemplate[] {
  return db.all<UsableTemplate>(
    `WITH named AS (
       SELECT template_key, namespace, name, visibility, builtin,
         (${firstTag("templates.template_key", "$tags")}) AS default_tag
       FROM templates WHERE deleted_at IS NULL
     )
     SELECT ${WITH_ARTIFACT_COLUMNS}, t.namespace, t.name, t.visibility, t.builtin, t.default_tag AS defaultTag,
       (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.build_id = b.build_id) AS tags
     FROM named t
     JOIN builds b ON b.build_id = CASE
       WHEN t.default_tag IS NULL THEN (${newestLive("t.template_key")})
       ELSE (SELECT build_id FROM tags WHERE template_key = t.template_key AND tag = t.default_tag) END
     JOIN artifacts a ON a.build_id = b.build_id
     WHERE b.status = 'ready' AND a.state = 'available' AND a.image_missing_since IS NULL
     ORDER BY t.builtin DESC, t.namespace || '/' || t.name`,
    { $tags: JSON.stringify(defaultTags) },
  );
}
