import * as z from "zod";
import { TemplateFailureDetail } from "./error.ts";
import { optionalInt, optionalText } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { OciMetadata, RuntimeDefaults } from "./runtime-defaults.ts";
import { TemplateInfo } from "./template.ts";
import { Timestamp } from "./timestamp.ts";

/** One line of a build's append-only log. */
export const LogEntry = z
  .looseObject({
    build_id: z.string(),
    template_id: z.string(),
    offset: z.int().describe("Durable position; ask for this plus one to go on after it"),
    timestamp: Timestamp,
    kind: openEnum(["start", "message", "cache", "retry", "warning", "error", "cancelled", "end"]),
    level: openEnum(["debug", "info", "warn", "error"]),
    message: z.string(),
    phase: openEnum([
      "cache",
      "preparing",
      "vm_create",
      "step",
      "sync",
      "startup",
      "readiness",
      "snapshot",
      "finalize",
      "cleanup",
      "retry",
    ]).nullish(),
    step_index: optionalInt.describe("From 1"),
    total_steps: optionalInt,
    attempt: optionalInt.describe("From 1"),
    max_attempts: optionalInt,
    cache_kind: openEnum(["file_blob", "layer", "final_artifact"]).nullish(),
    cache_status: openEnum(["hit", "miss", "stored", "bypass"]).nullish(),
    cache_reason: openEnum([
      "whole_build_skip_cache",
      "builder_cache_boundary",
      "force_upload",
      "missing_or_incompatible",
    ]).nullish(),
    cache_subject: optionalText.describe("Context path or step text"),
    error_detail: TemplateFailureDetail.nullish().describe("On kind error"),
    result: TemplateInfo.nullish().describe("On kind end"),
    result_metadata: z
      .looseObject({ runtime_defaults: RuntimeDefaults.nullish(), oci_metadata: OciMetadata.nullish() })
      .nullish()
      .describe("On kind end"),
  })
  .meta({ id: "LogEntry" });
export type LogEntry = z.infer<typeof LogEntry>;
