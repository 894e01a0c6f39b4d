import { MARK_TAG_PREFIX, parseTemplateRef, type CreateTemplateRequest } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { NOTHING_INHERITED, runtimeOf, type ArtifactRuntime } from "./artifact-runtime.ts";
import { canonicalRefOf, findByName, getByKey, type LogicalTemplate } from "./logical-template.ts";

/** Resources of a machine unless its request says otherwise. */
export interface TemplateResources {
  vcpus: number;
  memoryMb: number;
  /** Absent: the engine's own limit. */
  diskMb?: number;
  internetAccess: boolean;
}

/** What a ref stands for now: one artifact and how to start a machine from it. */
export interface ResolvedTemplate extends ArtifactRuntime {
  /** Artifact, `tmpl_…`. */
  templateId: string;
  /** Build that made it, `tb_…`. */
  buildId: string;
  /** `namespace/name` as the template is called today. */
  canonicalRef: string;
  /** Tag that the ref went through: written in it, or the template's default one; absent for exact refs. */
  tag?: string;
  builtin: boolean;
  /** Image on the engine, `sha256:…`. */
  imageId: string;
  /** Name of the image on the engine, `nullspace-local/tmpl_…`. */
  imageRef: string;
  resources: TemplateResources;
}

/** A build as {@link resolveTemplate} reads it, with its artifact. */
export interface BuildRow {
  buildId: string;
  templateId: string;
  templateKey: number;
  status: string;
  definition: string;
  runtime: string | null;
  imageId: string | null;
  imageRef: string | null;
  state: string | null;
  missingSince: string | null;
}

/** A build whose artifact is there. */
export type LiveBuildRow = BuildRow & { imageId: string; imageRef: string };

/** Columns of a {@link BuildRow}, of `builds b` and `artifacts a`. */
export const BUILD_COLUMNS = `
  b.build_id AS buildId, b.template_id AS templateId, b.template_key AS templateKey, b.status, b.definition, b.runtime,
  a.image_id AS imageId, a.image_ref AS imageRef, a.state, a.image_missing_since AS missingSince`;

const BUILD = `
  SELECT ${BUILD_COLUMNS} FROM builds b JOIN templates t USING (template_key) LEFT JOIN artifacts a USING (build_id)`;

/** A build that was asked for under a tag of its own, or has been given one since: see `MARK_TAG_PREFIX`. */
const WENT_LIVE = `(
  EXISTS (SELECT 1 FROM json_each(b.tags) WHERE value NOT LIKE '${MARK_TAG_PREFIX}%')
  OR EXISTS (SELECT 1 FROM tags WHERE tags.build_id = b.build_id AND tag NOT LIKE '${MARK_TAG_PREFIX}%'))`;

/**
 * Query for the tag that a bare name means, if it means one; else see {@link newestLiveBuild}.
 *
 * @param key SQL of the template's key
 */
export function defaultTag(key: string): string {
  return `SELECT tag FROM tags WHERE template_key = ${key} AND tag IN ('default', 'latest') ORDER BY tag LIMIT 1`;
}

/**
 * Query for the id of the build that became ready last, of those that went live and can still be used.
 *
 * @param key SQL of the template's key
 */
export function newestLiveBuild(key: string): string {
  return `SELECT a.build_id FROM artifacts a JOIN builds b USING (build_id)
    WHERE a.of_template = ${key} AND a.state = 'available' AND a.image_missing_since IS NULL AND ${WENT_LIVE}
    ORDER BY a.created_at DESC, a.build_id DESC LIMIT 1`;
}

/**
 * Finds the artifact that `ref` stands for.
 *
 * A bare name means its `default` tag, else `latest`, else the build that became ready last, so that a template built
 * only under tags of its own can be used by its name, and moving those tags does not move the bare name. A build that
 * has only the mark of a Pulumi resource has not gone live, and is not meant.
 *
 * @throws TemplateRefError when `ref` is not a ref; TemplateNotFoundError (with a reason) when it leads to no artifact
 */
export function resolveTemplate(db: Database, ref: string): ResolvedTemplate {
  const parsed = parseTemplateRef(ref);
  if (parsed.kind === "artifact") {
    const build = db.get<BuildRow>(`${BUILD} WHERE b.template_id = ? AND t.deleted_at IS NULL`, [parsed.templateId]);
    if (build === undefined) throw new TemplateNotFoundError(ref, "unknown_build");
    return resolved(db, ref, build, undefined);
  }
  const template = findByName(db, parsed.namespace, parsed.name);
  if (template === undefined) throw new TemplateNotFoundError(ref);
  if (parsed.buildId !== undefined) {
    const build = db.get<BuildRow>(`${BUILD} WHERE b.build_id = $build AND b.template_key = $key`, {
      $build: parsed.buildId,
      $key: template.templateKey,
    });
    if (build === undefined) {
      throw new TemplateNotFoundError(
        ref,
        "unknown_build",
        `Template ${canonicalRefOf(template)} has no build "${parsed.buildId}".`,
      );
    }
    return resolved(db, ref, build, undefined);
  }
  const tag = parsed.tag ?? defaultTagOf(db, template);
  if (tag === undefined) {
    const build = db.get<BuildRow>(`${BUILD} WHERE b.build_id = (${newestLiveBuild("?")})`, [template.templateKey]);
    if (build === undefined) {
      throw new TemplateNotFoundError(
        ref,
        "not_ready",
        `Template ${canonicalRefOf(template)} has no build that is ready.`,
      );
    }
    return resolved(db, ref, build, undefined);
  }
  const build = db.get<BuildRow>(
    `${BUILD} WHERE b.build_id = (SELECT build_id FROM tags WHERE template_key = $key AND tag = $tag)`,
    { $key: template.templateKey, $tag: tag },
  );
  if (build === undefined) {
    throw new TemplateNotFoundError(ref, "unknown_tag", `Template ${canonicalRefOf(template)} has no tag "${tag}".`);
  }
  return resolved(db, ref, build, tag);
}

/** The tag that a bare name means; `undefined` when it means the build that became ready last. */
export function defaultTagOf(db: Database, template: LogicalTemplate): string | undefined {
  return db.get<{ tag: string }>(defaultTag("?"), [template.templateKey])?.tag;
}

function resolved(db: Database, ref: string, build: BuildRow, tag: string | undefined): ResolvedTemplate {
  if (build.status !== "ready") {
    throw new TemplateNotFoundError(
      ref,
      "not_ready",
      `Build ${build.buildId} of "${ref}" is ${build.status}, not ready.`,
    );
  }
  if (build.state !== "available" || build.imageId === null || build.imageRef === null) {
    throw new TemplateNotFoundError(
      ref,
      "artifact_gone",
      `The artifact of "${ref}" (build ${build.buildId}) is past its retention or was deleted. Build it again.`,
    );
  }
  if (build.missingSince !== null) {
    throw new TemplateNotFoundError(
      ref,
      "artifact_gone",
      `The image of "${ref}" (build ${build.buildId}) is not on the engine any more: somebody has removed it there. Build it again.`,
    );
  }
  const live: LiveBuildRow = { ...build, imageId: build.imageId, imageRef: build.imageRef };
  return readArtifact(live, getByKey(db, build.templateKey), tag);
}

/** The artifact of a build that can be used. @param tag that it was found by */
export function readArtifact(
  build: LiveBuildRow,
  template: LogicalTemplate,
  tag: string | undefined,
): ResolvedTemplate {
  const request = JSON.parse(build.definition) as CreateTemplateRequest;
  const { build_config: config = {} } = request;
  return {
    templateId: build.templateId,
    buildId: build.buildId,
    canonicalRef: canonicalRefOf(template),
    ...(tag !== undefined && { tag }),
    builtin: template.builtin,
    imageId: build.imageId,
    imageRef: build.imageRef,
    ...(build.runtime === null
      ? runtimeOf(request, NOTHING_INHERITED)
      : (JSON.parse(build.runtime) as ArtifactRuntime)),
    resources: {
      vcpus: config.vcpus ?? 1,
      memoryMb: config.memory_mib ?? 512,
      ...(config.disk_mb !== undefined && { diskMb: config.disk_mb }),
      internetAccess: config.internet_access ?? true,
    },
  };
}
