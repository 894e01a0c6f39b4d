import type {
  ArtifactAvailability,
  BuildStatus,
  CacheSummary,
  OciMetadata,
  Promotability,
  TemplateBuild,
  TemplateBuildSummary,
  TemplateFailureDetail,
} from "pulumi-nullspace/wire";
import { later } from "../clock.ts";
import type { Database } from "../store/database.ts";
import { canonicalRefOf, getByKey } from "../templates/logical-template.ts";
import { NOTHING_INHERITED, runtimeOf, type ArtifactRuntime } from "../templates/artifact-runtime.ts";
import { runtimeDefaultsOf } from "../templates/template-view.ts";
import { definitionOf, type BuildRecord } from "./build-record.ts";

interface Artifact {
  state: "available" | "expired" | "purged";
  unpinnedAt: string | null;
  /** Since when its image is not on the engine; `null`: it is. */
  missingSince: string | null;
}

const IMAGE_MISSING = "its image is not on the engine any more";

/** A build as a template's history lists it. Optional members are left out, never null. */
export function buildSummary(db: Database, record: BuildRecord, retentionMs: number): TemplateBuildSummary {
  const definition = definitionOf(record);
  const artifact = db.get<Artifact>(
    `SELECT state, image_missing_since AS missingSince, CASE WHEN EXISTS (SELECT 1 FROM tags t WHERE t.build_id = a.build_id) THEN NULL
            ELSE coalesce(unpinned_at, a.created_at) END AS unpinnedAt
     FROM artifacts a WHERE build_id = ?`,
    [record.build_id],
  );
  return {
    build_id: record.build_id,
    template_id: record.template_id,
    name: record.name,
    tags: JSON.parse(record.tags) as string[],
    status: record.status satisfies BuildStatus,
    created_at: record.created_at,
    updated_at: record.updated_at,
    build_backend: record.build_backend,
    source_type: record.source_type,
    source_digest: record.source_digest,
    ...present("context_digest", record.context_digest),
    ...present("dockerfile_digest", record.dockerfile_digest),
    build_config: { vcpus: 1, memory_mib: 512, internet_access: true, ...definition.build_config },
    triggered_by: record.triggered_by,
    queued_at: record.queued_at,
    ...present("started_at", record.started_at),
    ...present("finished_at", record.finished_at),
    ...(record.started_at !== null &&
      record.finished_at !== null && {
        duration_ms: Math.max(0, Date.parse(record.finished_at) - Date.parse(record.started_at)),
      }),
    ...present("failure_phase", record.failure_phase),
    ...present("cache_summary", readJson<CacheSummary>(record.cache_summary)),
    artifact_availability: availability(record, artifact),
    promotability: promotability(record, artifact),
    ...(artifact?.state === "available" &&
      artifact.unpinnedAt !== null && { retention_expires_at: later(artifact.unpinnedAt, retentionMs) }),
    runtime_defaults: runtimeDefaultsOf(
      readJson<ArtifactRuntime>(record.runtime) ?? runtimeOf(definition, NOTHING_INHERITED),
    ),
    ...present("oci_metadata", readJson<OciMetadata>(record.oci_metadata)),
    artifact_ids: artifact === undefined ? [] : [record.template_id],
    ...present("retry_of_build_id", record.retry_of_build_id),
    ...present("original_build_id", record.original_build_id),
    ...present("cancel_requested_at", record.cancel_requested_at),
    ...present("cancel_requested_by", record.cancel_requested_by),
    ...present("cancellation_reason", record.cancellation_reason),
  };
}

/** A build, whole. */
export function buildView(db: Database, record: BuildRecord, retentionMs: number): TemplateBuild {
  const template = getByKey(db, record.template_key);
  return {
    ...buildSummary(db, record, retentionMs),
    canonical_ref: canonicalRefOf(template),
    namespace_slug: template.namespace,
    visibility: template.visibility,
    ...present("error", record.error),
    ...present("error_detail", readJson<TemplateFailureDetail>(record.error_detail)),
  };
}

/** Whether the build's artifact can be promoted, and why not. */
export function promotability(
  record: BuildRecord,
  artifact: Pick<Artifact, "state" | "missingSince"> | undefined,
): Promotability {
  if (record.status !== "ready" || artifact === undefined) {
    return { status: "not_ready", promotable: false, reason: `the build is ${record.status}` };
  }
  if (artifact.state === "available" && artifact.missingSince !== null) {
    return { status: "unavailable", promotable: false, reason: IMAGE_MISSING };
  }
  if (artifact.state === "available") return { status: "promotable", promotable: true };
  return {
    status: artifact.state,
    promotable: false,
    reason: artifact.state === "expired" ? "the artifact is past its retention" : "the artifact was deleted",
  };
}

function availability(record: BuildRecord, artifact: Artifact | undefined): ArtifactAvailability {
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
        return artifact.missingSince === null
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
