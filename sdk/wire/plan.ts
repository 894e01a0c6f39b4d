import * as z from "zod";
import { optionalText } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { SourceType } from "./build.ts";
import { ReadinessAnswer } from "./runtime-defaults.ts";

/** Would this request be accepted? An invalid one is an answer, not an error. */
export const ValidationResponse = z
  .looseObject({
    valid: z.boolean(),
    errors: z.array(z.looseObject({ code: z.string(), message: z.string(), phase: optionalText })).default([]),
    warnings: z.array(z.string()).default([]),
  })
  .meta({ id: "ValidationResponse" });
export type ValidationResponse = z.infer<typeof ValidationResponse>;

/** What the service would do, step by step. */
export const BuildPlan = z
  .looseObject({
    base_template: z.string().default(""),
    run_steps: z.array(z.string()).default([]),
    build_steps: z
      .array(z.record(z.string(), z.unknown()))
      .default([])
      .describe("One-key objects named after their kind: Run, Copy, Env, …"),
    build_envs: z.record(z.string(), z.string()).default({}),
    env_assignments: z.array(z.array(z.string())).default([]).describe("[name, value] pairs in order"),
    ignored_instructions: z.array(z.string()).default([]),
    start_cmd: optionalText,
    default_user: optionalText,
    default_workdir: optionalText,
    readiness: ReadinessAnswer.nullish(),
    ignored_instruction_warnings: z.array(z.looseObject({ instruction: z.string(), line: z.int() })).optional(),
  })
  .meta({ id: "BuildPlan" });
export type BuildPlan = z.infer<typeof BuildPlan>;

/** Answer of the plan call. */
export const PlanResponse = z
  .looseObject({
    build_plan: BuildPlan,
    requires_base_image_auth: z.boolean(),
    build_backend: openEnum(["native", "buildkit"]).default("native"),
    source_type: SourceType.default("declarative"),
    source_digest: optionalText,
    dockerfile_digest: optionalText,
    warnings: z.array(z.string()).default([]),
    context_manifest: z
      .looseObject({ context_manifest_id: z.string(), context_digest: z.string(), file_count: z.int() })
      .nullish(),
  })
  .meta({ id: "PlanResponse" });
export type PlanResponse = z.infer<typeof PlanResponse>;
