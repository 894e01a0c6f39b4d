import * as z from "zod";
import { TemplateFailureDetail } from "./error.ts";
import { LogEntry } from "./log-entry.ts";
import { count, optionalInt, optionalText, optionalTime } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { TagName } from "./ref.ts";
import { BaseImageAuth, BuildSecret, RegistryAuth } from "./registry-auth.ts";
import { OciMetadata, RuntimeDefaults } from "./runtime-defaults.ts";
import { Timestamp } from "./timestamp.ts";

/** Where a build is in its life; the last three are final. */
export const BuildStatus = openEnum(["waiting", "building", "ready", "error", "cancelled"]);
export type BuildStatus = z.infer<typeof BuildStatus>;

/** What was built from. */
export const SourceType = openEnum(["declarative", "dockerfile", "oci_import", "template_base"]);
export type SourceType = z.infer<typeof SourceType>;

/** How often each cache of the service was used. */
export const CacheSummary = z
  .looseObject({
    final_artifact_hits: count,
    final_artifact_misses: count,
    final_artifact_bypasses: count,
    final_artifact_stores: count,
    layer_hits: count,
    layer_misses: count,
    layer_bypasses: count,
    layer_stores: count,
    file_blob_hits: count,
    file_blob_misses: count,
    file_blob_bypasses: count,
    file_blob_stores: count,
  })
  .meta({ id: "CacheSummary" });
export type CacheSummary = z.infer<typeof CacheSummary>;

/** Can machines be started from the artifact now? */
export const ArtifactAvailability = z
  .looseObject({
    status: openEnum(["available", "publishing", "warming", "unavailable", "failed"]),
    reason: optionalText,
  })
  .meta({ id: "ArtifactAvailability" });
export type ArtifactAvailability = z.infer<typeof ArtifactAvailability>;

/** Can a tag be moved to this build? */
export const Promotability = z
  .looseObject({
    status: openEnum(["promotable", "not_ready", "expired", "purged", "unavailable"]),
    promotable: z.boolean(),
    reason: optionalText,
  })
  .meta({ id: "Promotability" });
export type Promotability = z.infer<typeof Promotability>;

const summary = {
  build_id: z.string().describe("tb_…"),
  template_id: z.string().describe("Artifact id, tmpl_…, the same for the build's whole life"),
  name: z.string(),
  tags: z.array(z.string()),
  status: BuildStatus,
  created_at: Timestamp,
  updated_at: Timestamp,
  build_backend: openEnum(["native", "buildkit"]).default("native"),
  source_type: SourceType.default("declarative"),
  source_digest: optionalText,
  context_digest: optionalText,
  dockerfile_digest: optionalText,
  build_config: z.record(z.string(), z.unknown()).nullish(),
  triggered_by: optionalText,
  queued_at: optionalTime,
  started_at: optionalTime,
  finished_at: optionalTime,
  duration_ms: optionalInt,
  failure_phase: optionalText,
  cache_summary: CacheSummary.nullish(),
  artifact_availability: ArtifactAvailability.nullish(),
  promotability: Promotability.nullish(),
  retention_expires_at: optionalTime.describe("When the artifact may be reclaimed"),
  runtime_defaults: RuntimeDefaults.nullish(),
  oci_metadata: OciMetadata.nullish(),
  artifact_ids: z.array(z.string()).default([]),
  retry_of_build_id: optionalText,
  original_build_id: optionalText,
  cancel_requested_at: optionalTime,
  cancel_requested_by: optionalText,
  cancellation_reason: optionalText,
};

/** A build as the history of a template lists it. */
export const TemplateBuildSummary = z.looseObject(summary).meta({ id: "TemplateBuildSummary" });
export type TemplateBuildSummary = z.infer<typeof TemplateBuildSummary>;

/** A build with all its members. */
export const TemplateBuild = z
  .looseObject({
    ...summary,
    canonical_ref: z.string().default("").describe("namespace/name"),
    namespace_slug: z.string().default(""),
    visibility: openEnum(["private", "public"]).default("private"),
    error: optionalText.describe("Why it failed, as text; see error_detail"),
    error_detail: TemplateFailureDetail.nullish(),
  })
  .meta({ id: "TemplateBuild" });
export type TemplateBuild = z.infer<typeof TemplateBuild>;

/** One page of a template's builds, newest first. */
export const BuildList = z
  .looseObject({ builds: z.array(TemplateBuildSummary), next_cursor: optionalText })
  .meta({ id: "BuildList" });
export type BuildList = z.infer<typeof BuildList>;

/** A build with its log from the asked offset on. */
export const StatusSnapshot = z
  .looseObject({
    build: TemplateBuild,
    entries: z.array(LogEntry),
    next_offset: z.int().describe("Ask for this offset next time"),
  })
  .meta({ id: "StatusSnapshot" });
export type StatusSnapshot = z.infer<typeof StatusSnapshot>;

/** Filters and page of a build list. */
export const BuildListQuery = z
  .object({
    status: z.enum(["waiting", "building", "ready", "error", "cancelled"]).optional(),
    backend: z.enum(["native", "buildkit"]).optional(),
    source_type: z.enum(["declarative", "dockerfile", "oci_import", "template_base"]).optional(),
    limit: z.int().min(1).max(100).optional().describe("Most builds on a page; default 20"),
    cursor: z.string().min(1).optional().describe("next_cursor of the previous page"),
  })
  .meta({ id: "BuildListQuery" });
export type BuildListQuery = z.infer<typeof BuildListQuery>;

/** Stops a build. */
export const CancelRequest = z.object({ reason: z.string().optional() }).meta({ id: "CancelRequest" });
export type CancelRequest = z.infer<typeof CancelRequest>;

/** Builds again from the stored definition, which holds no credentials: give them again. */
export const RetryRequest = z
  .object({
    tags: z.array(TagName).optional().describe("Replace the tags of the first attempt"),
    base_image_auth: BaseImageAuth.optional(),
    registry_auth: z.array(RegistryAuth).optional(),
    build_secrets: z.array(BuildSecret).optional().describe("The same ids as the first attempt had"),
  })
  .meta({ id: "RetryRequest" });
export type RetryRequest = z.infer<typeof RetryRequest>;

/** Moves tags to the artifact of a finished build. */
export const PromoteRequest = z
  .object({ tag: TagName.optional(), tags: z.array(TagName).min(1).optional() })
  .check((context) => {
    if (context.value.tag === undefined && context.value.tags === undefined) {
      context.issues.push({ code: "custom", input: context.value, path: ["tag"], message: "give a tag, or tags" });
    }
  })
  .meta({ id: "PromoteRequest" });
export type PromoteRequest = z.infer<typeof PromoteRequest>;
