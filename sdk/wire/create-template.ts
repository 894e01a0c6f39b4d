import * as z from "zod";
import { BuildContext } from "./blob.ts";
import { BUILD_DEFAULTS } from "./defaults.ts";
import { Readiness } from "./readiness.ts";
import { TagName } from "./ref.ts";
import { BaseImageAuth, BuildSecret, RegistryAuth } from "./registry-auth.ts";
import { Step } from "./step.ts";
import { Env, Line, ShellEnv, Word } from "./word.ts";

/** Resources of the build, and of the machines started from its artifact. */
export const BuildConfig = z
  .object({
    vcpus: z.int().min(1).optional().describe(`Default ${BUILD_DEFAULTS.vcpus}`),
    memory_mib: z.int().min(1).optional().describe(`MiB; default ${BUILD_DEFAULTS.memory_mib}`),
    internet_access: z.boolean().optional().describe(`Default ${BUILD_DEFAULTS.internet_access}`),
    disk_mb: z
      .int()
      .min(1)
      .optional()
      .describe("Smallest root filesystem baked in, MB; default: headroom chosen by the service"),
  })
  .meta({ id: "BuildConfig" });
export type BuildConfig = z.infer<typeof BuildConfig>;

/** What machines started from the artifact begin with. */
export const RuntimeConfig = z
  .object({
    default_user: Line.min(1).optional(),
    default_workdir: Line.min(1).optional(),
    default_envs: Env.optional(),
    readiness: Readiness.optional(),
  })
  .meta({ id: "RuntimeConfig" });
export type RuntimeConfig = z.infer<typeof RuntimeConfig>;

/** What runs the build. */
export const BuildBackend = z.enum(["native", "buildkit"]);
export type BuildBackend = z.infer<typeof BuildBackend>;

/**
 * A build to start, validate or plan: either a Dockerfile, or a base image (or template) with steps.
 * Unknown members at the top are allowed and kept.
 */
export const CreateTemplateRequest = z
  .looseObject({
    name: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe("One segment, or your own namespace/name; generated when absent"),
    alias: z.string().min(1).max(300).optional().describe("A second way to give the name"),
    tags: z.array(TagName).min(1).optional().describe('Default ["default"]'),
    dockerfile: z.string().min(1).optional().describe("Text of a Dockerfile"),
    base_image: z.string().min(1).optional().describe("An OCI image or a template reference"),
    steps: z.array(Step).optional(),
    build_envs: ShellEnv.optional().describe("Visible during the build only"),
    start_cmd: Word.min(1).optional().describe("Run once before the snapshot; machines start from the running state"),
    build_context: BuildContext.optional(),
    build_config: BuildConfig.optional(),
    build_backend: BuildBackend.optional().describe("Default: buildkit for a Dockerfile, else native"),
    dockerfile_path: z.string().min(1).optional().describe("Where the Dockerfile lies inside the context"),
    build_args: z
      .record(z.string(), z.string())
      .optional()
      .describe("Dockerfile ARGs; stored, so no place for a secret"),
    build_target: z.string().min(1).optional().describe("Stage to build; default the last"),
    runtime_config: RuntimeConfig.optional(),
    base_image_auth: BaseImageAuth.optional(),
    registry_auth: z.array(RegistryAuth).optional(),
    build_secrets: z.array(BuildSecret).optional().describe("BuildKit only; never stored"),
    skip_cache: z.boolean().optional().describe("Bypass every cache; default false"),
    claim_token: z.string().min(1).optional().describe("Presents the claim of a reserved name"),
  })
  .check((context) => {
    for (const { path, message } of contradictions(context.value)) {
      context.issues.push({ code: "custom", input: context.value, path, message });
    }
  })
  .meta({ id: "CreateTemplateRequest" });
export type CreateTemplateRequest = z.infer<typeof CreateTemplateRequest>;

interface Contradiction {
  path: (string | number)[];
  message: string;
}

/** Members that are well formed alone and wrong together. */
function* contradictions(request: {
  dockerfile?: string | undefined;
  base_image?: string | undefined;
  steps?: unknown[] | undefined;
  build_backend?: string | undefined;
  build_target?: string | undefined;
  build_args?: object | undefined;
  dockerfile_path?: string | undefined;
  build_secrets?: { id: string }[] | undefined;
}): Generator<Contradiction> {
  const dockerfile = request.dockerfile !== undefined || request.dockerfile_path !== undefined;
  if (!dockerfile && request.base_image === undefined) {
    yield { path: ["base_image"], message: "give a base_image or a dockerfile: there is nothing to build from" };
  }
  if (dockerfile && request.base_image !== undefined) {
    yield { path: ["base_image"], message: "a dockerfile names its own base: give one of dockerfile and base_image" };
  }
  if (dockerfile && request.steps !== undefined && request.steps.length > 0) {
    yield { path: ["steps"], message: "a dockerfile holds its own steps: give one of dockerfile and steps" };
  }
  if (dockerfile && request.build_backend === "native") {
    yield { path: ["build_backend"], message: "native does not build a dockerfile: use buildkit, or leave it out" };
  }
  if (!dockerfile && request.build_target !== undefined) {
    yield { path: ["build_target"], message: "only a dockerfile has stages" };
  }
  if (!dockerfile && request.build_args !== undefined) {
    yield { path: ["build_args"], message: "only a dockerfile has arguments; use build_envs" };
  }
  if (request.build_backend === "native" && (request.build_secrets?.length ?? 0) > 0) {
    yield { path: ["build_secrets"], message: "native has no secret mounts: use buildkit" };
  }
  const seen = new Set<string>();
  for (const [index, { id }] of (request.build_secrets ?? []).entries()) {
    if (seen.has(id)) yield { path: ["build_secrets", index, "id"], message: `"${id}" is given twice` };
    seen.add(id);
  }
}
