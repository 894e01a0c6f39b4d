import { BUILD_DEFAULTS, parseTemplateRef, type CreateTemplateRequest } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import {
  buildOfTemplate,
  buildUnderTag,
  liveBuildOfArtifact,
  newestLiveBuild,
  type BuildWithArtifact,
} from "../store/builds.ts";
import type { Database } from "../store/database.ts";
import { firstTagOf } from "../store/tags.ts";
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
  /** The logical template that the artifact is of. */
  templateKey: number;
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

/** A build whose artifact can be used. */
export type UsableBuild = BuildWithArtifact & Pick<ResolvedTemplate, "imageId" | "imageRef">;

/** Tags that a bare name means, the first that is there. */
export const DEFAULT_TAGS: readonly string[] = ["default", "latest"];

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
    const build = liveBuildOfArtifact(db, parsed.templateId);
    if (build === undefined) throw new TemplateNotFoundError(ref, "unknown_build");
    return resolved(db, ref, build, undefined);
  }
  const template = findByName(db, parsed.namespace, parsed.name);
  if (template === undefined) throw new TemplateNotFoundError(ref);
  if (parsed.buildId !== undefined) {
    const build = buildOfTemplate(db, template.templateKey, parsed.buildId);
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
    const build = newestLiveBuild(db, template.templateKey);
    if (build === undefined) {
      throw new TemplateNotFoundError(
        ref,
        "not_ready",
        `Template ${canonicalRefOf(template)} has no build that is ready.`,
      );
    }
    return resolved(db, ref, build, undefined);
  }
  const build = buildUnderTag(db, template.templateKey, tag);
  if (build === undefined) {
    throw new TemplateNotFoundError(ref, "unknown_tag", `Template ${canonicalRefOf(template)} has no tag "${tag}".`);
  }
  return resolved(db, ref, build, tag);
}

/** The tag that a bare name means; `undefined` when it means the build that became ready last. */
export function defaultTagOf(db: Database, template: LogicalTemplate): string | undefined {
  return firstTagOf(db, template.templateKey, DEFAULT_TAGS);
}

function resolved(db: Database, ref: string, build: BuildWithArtifact, tag: string | undefined): ResolvedTemplate {
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
  if (build.imageMissingSince !== null) {
    throw new TemplateNotFoundError(
      ref,
      "artifact_gone",
      `The image of "${ref}" (build ${build.buildId}) is no longer there: somebody has removed it, or the service keeps its images elsewhere now. Build it again.`,
    );
  }
  const usable: UsableBuild = { ...build, imageId: build.imageId, imageRef: build.imageRef };
  return readArtifact(usable, getByKey(db, build.templateKey), tag);
}

/** The artifact of a build that can be used. @param tag that it was found by */
export function readArtifact(build: UsableBuild, template: LogicalTemplate, tag: string | undefined): ResolvedTemplate {
  const request = JSON.parse(build.definition) as CreateTemplateRequest;
  const config = { ...BUILD_DEFAULTS, ...request.build_config };
  return {
    templateId: build.templateId,
    templateKey: build.templateKey,
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
      vcpus: config.vcpus,
      memoryMb: config.memory_mib,
      ...(config.disk_mb !== undefined && { diskMb: config.disk_mb }),
      internetAccess: config.internet_access,
    },
  };
}
