import type { BuildRow } from "../store/builds.ts";
import {
  BUILD_DEFAULTS,
  type ArtifactAvailability,
  type BuildStatus,
  type CacheSummary,
  type OciMetadata,
  type Promotability,
  type TemplateBuild,
  type TemplateBuildSummary,
  type TemplateFailureDetail,
} from "pulumi-nullspace/wire";
import { later } from "../clock.ts";
import { artifactOfBuild, idleSince, type ArtifactRow } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import { tagsOfBuild } from "../store/tags.ts";
import { canonicalRefOf, getByKey } from "../templates/logical-template.ts";
import { NOTHING_INHERITED, runtimeOf, type ArtifactRuntime } from "../templates/artifact-runtime.ts";
import { runtimeDefaultsOf } from "../templates/template-view.ts";
import { definitionOf } from "./build-record.ts";

const IMAGE_MISSING = "its image is no longer there";

/** A build as a template's history lists it. Optional members are left out, never null. */
export function buildSummary(db: Database, record: BuildRow, retentionMs: number): TemplateBuildSummary {
  const definition = definitionOf(record);
  const artifact = artifactOfBuild(db, record.buildId);
  const unpinnedAt = unpinnedSince(db, artifact);
  return {
    build_id: record.buildId,
    template_id: record.templateId,
    name: record.name,
    tags: JSON.parse(record.tags) as string[],
    status: record.status satisfies BuildStatus,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    build_backend: record.buildBackend,
    source_type: record.sourceType,
    source_digest: record.sourceDigest,
    ...present("context_digest", record.contextDigest),
    ...present("dockerfile_digest", record.dockerfileDigest),
    build_config: { ...BUILD_DEFAULTS, ...definition.build_config },
    triggered_by: record.triggeredBy,
    queued_at: record.queuedAt,
    ...present("started_at", record.startedAt),
    ...present("finished_at", record.finishedAt),
    ...(record.startedAt !== null &&
      record.finishedAt !== null && {
        duration_ms: Math.max(0, Date.parse(record.finishedAt) - Date.parse(record.startedAt)),
      }),
    ...present("failure_phase", record.failurePhase),
    ...present("cache_summary", readJson<CacheSummary>(record.cacheSummary)),
    artifact_availability: availability(record, artifact),
    promotability: promotability(record, artifact),
    ...(artifact?.state === "available" &&
      unpinnedAt !== undefined && { retention_expires_at: later(unpinnedAt, retentionMs) }),
    runtime_defaults: runtimeDefaultsOf(
      readJson<ArtifactRuntime>(record.runtime) ?? runtimeOf(definition, NOTHING_INHERITED),
    ),
    ...present("oci_metadata", readJson<OciMetadata>(record.ociMetadata)),
    artifact_ids: artifact === undefined ? [] : [record.templateId],
    ...present("retry_of_build_id", record.retryOfBuildId),
    ...present("original_build_id", record.originalBuildId),
    ...present("cancel_requested_at", record.cancelRequestedAt),
    ...present("cancel_requested_by", record.cancelRequestedBy),
    ...present("cancellation_reason", record.cancellationReason),
  };
}

/** Since when no tag keeps an artifact; `undefined`: one does, or there is no artifact. */
function unpinnedSince(db: Database, artifact: ArtifactRow | undefined): string | undefined {
  if (artifact === undefined || tagsOfBuild(db, artifact.buildId).length > 0) return undefined;
  return idleSince({ ...artifact, unpinnedAt: artifact.unpinnedAt ?? artifact.createdAt }) ?? undefined;
}

/** A build, whole. */
export function buildView(db: Database, record: BuildRow, retentionMs: number): TemplateBuild {
  const template = getByKey(db, record.templateKey);
  return {
    ...buildSummary(db, record, retentionMs),
    canonical_ref: canonicalRefOf(template),
    namespace_slug: template.namespace,
    visibility: template.visibility,
    ...present("error", record.error),
    ...present("error_detail", readJson<TemplateFailureDetail>(record.errorDetail)),
  };
}

/** Whether the build's artifact can be promoted, and why not. */
export function promotability(
  record: BuildRow,
  artifact: Pick<ArtifactRow, "state" | "imageMissingSince"> | undefined,
): Promotability {
  if (record.status !== "ready" || artifact === undefined) {
    return { status: "not_ready", promotable: false, reason: `the build is ${record.status}` };
  }
  if (artifact.state === "available" && artifact.imageMissingSince !== null) {
    return { status: "unavailable", promotable: false, reason: IMAGE_MISSING };
  }
  if (artifact.state === "available") return { status: "promotable", promotable: true };
  return {
    status: artifact.state,
    promotable: false,
    reason: artifact.state === "expired" ? "the artifact is past its retention" : "the artifact was deleted",
  };
}

function availability(record: BuildRow, artifact: ArtifactRow | undefined): ArtifactAvailability {
  switch (record.status) {
    case "waiting":
      return { status: "unavailable", reason: "the build is waiting" };
    case "building":
      return { status: "publishing", reason: "the build is running" };
    case "error":
      return { status: "failed", reason: "the build failed" };
    case "cancelled":
      return { status: "unavailable", reason: "the build was cancelled" };
    case "ready":
      if (artifact?.state === "available") {
        return artifact.imageMissingSince === null
          ? { status: "available" }
          : { status: "unavailable", reason: IMAGE_MISSING };
      }
      return {
        status: "unavailable",
        reason: artifact?.state === "expired" ? "the artifact is past its retention" : "the artifact was deleted",
      };
  }
}

function present<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value == null ? {} : ({ [key]: value } as { [P in K]: V });
}

function readJson<T>(text: string | null): T | undefined {
  return text === null ? undefined : (JSON.parse(text) as T);
}
