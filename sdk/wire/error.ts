import * as z from "zod";
import { optionalFlag, optionalInt, optionalText } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";

/** Codes that the service is known to answer. Others may come; match on the ones you handle. */
export const ErrorCode = openEnum([
  "unauthorized",
  "unauthenticated",
  "missing_api_key",
  "forbidden",
  "permission_denied",
  "capacity_exceeded",
  "quota_exceeded",
  "conflict",
  "machine_not_ready",
  "machine_start_failed",
  "snapshot_in_use",
  "rebuild_required",
  "incompatible_snapshot",
  "volume_busy",
  "not_found",
  "template_not_found",
  "template_build_not_found",
  "template_tag_not_found",
  "template_alias_not_found",
  "template_name_claim_not_found",
  "template_resource_not_found",
  "warm_pool_not_found",
  "machine_not_found",
  "namespace_not_found",
  "process_not_found",
  "file_not_found",
  "file_upload_error",
  "file_error",
  "build_error",
  "rate_limit_exceeded",
  "not_implemented",
  "feature_unavailable",
  "engine_unavailable",
  "base_image_unavailable",
  "disk_full",
  "invalid_request",
  "invalid_fields",
  "invalid_response",
  "transition_in_progress",
  "transition_recovery_required",
  "warm_pool_unavailable",
  "no_eligible_runtime_host",
  "exec_failed",
  "exec_timeout",
  "timeout",
  "database_error",
  "internal_error",
  "operator_required",
  "unknown",
]);
export type ErrorCode = z.infer<typeof ErrorCode>;

/** Where in its life a build failed. Not the same words as the phases of log entries. */
export const FailurePhase = openEnum([
  "auth",
  "preflight",
  "blob_upload",
  "prepare",
  "build_step",
  "readiness",
  "snapshot",
  "finalize",
  "interrupted",
]);
export type FailurePhase = z.infer<typeof FailurePhase>;

/** Why a build, or the upload before it, failed. */
export const TemplateFailureDetail = z
  .looseObject({
    code: ErrorCode,
    message: z.string(),
    phase: FailurePhase,
    retryable: z.boolean().describe("The same request may succeed later"),
    suggested_action: z.string().describe("What a person can do about it"),
    step_index: optionalInt.describe("Which step, from 1"),
    attempt: optionalInt.describe("From 1"),
    max_attempts: optionalInt,
    cache_subject: optionalText,
    build_id: optionalText,
    request_id: optionalText,
    details: z.record(z.string(), z.unknown()).nullish().describe("A stable `reason` and the facts that belong to it"),
  })
  .meta({ id: "TemplateFailureDetail" });
export type TemplateFailureDetail = z.infer<typeof TemplateFailureDetail>;

/** Body of every answer with a status of 400 or more. */
export const ErrorEnvelope = z
  .looseObject({
    error: z.string().describe("Text for people"),
    code: ErrorCode.describe("Stable code for programs"),
    error_detail: TemplateFailureDetail.nullish(),
    request_id: optionalText.describe("Same as the x-request-id header"),
    build_id: optionalText,
    retryable: optionalFlag,
    suggested_action: optionalText,
    details: z.unknown().optional(),
  })
  .meta({ id: "ErrorEnvelope" });
export type ErrorEnvelope = z.infer<typeof ErrorEnvelope>;
