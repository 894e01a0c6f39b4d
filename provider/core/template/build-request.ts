import { createHash } from "node:crypto";
import { effectsOf } from "../input-facts.ts";
import {
  BUILD_CONFIG_NAMES,
  toWire,
  type ContextFile,
  type CreateTemplateRequest,
  type RuntimeConfig,
  type Step,
} from "../../../sdk/wire/index.ts";
import { TemplateInputs } from "./inputs.ts";
import { splitRegistryAuth } from "./needed-registry-auth.ts";
import { toWireReadiness } from "./readiness-input.ts";
import { toWireRegistryAuth } from "./registry-auth-input.ts";
import { SECRET_INPUTS } from "./secret-change.ts";

/** Inputs that are members of a build's request as they are. */
const BUILD_NAMES = {
  buildEnv: "build_envs",
  buildArgs: "build_args",
  target: "build_target",
  startCmd: "start_cmd",
} as const;
/** Inputs that are members of its `runtime_config`. */
export const RUNTIME_NAMES = { user: "default_user", workdir: "default_workdir", env: "default_envs" } as const;

/** What of a build is known only when it starts. */
export interface BuildFacts {
  name: string;
  tags: string[];
  /** Text of the Dockerfile, or what the template is built on instead. */
  base: { dockerfile: string } | { image: string };
  /** Steps on top of an image or a template, copy sources named as in `files`. */
  steps: Step[] | undefined;
  files: ContextFile[];
  claimToken?: string | undefined;
  /**
   * Reuse nothing, whatever the inputs say.
   *
   * @default false
   */
  skipCache?: boolean | undefined;
}

/** The build that the inputs ask for, in the words of the service. */
export function toBuildRequest(inputs: TemplateInputs, facts: BuildFacts): CreateTemplateRequest {
  const { name, tags, base, steps = [], files, claimToken } = facts;
  const runtime = toRuntimeConfig(inputs);
  const isDockerfile = "dockerfile" in base;
  const { needed } = splitRegistryAuth(inputs, isDockerfile ? base.dockerfile : undefined);
  const registryAuth = needed.map(toWireRegistryAuth);
  const isDeclarative = inputs.steps !== undefined || inputs.buildEnv !== undefined || inputs.startCmd !== undefined;
  return {
    name,
    tags,
    ...(isDockerfile ? { dockerfile: base.dockerfile } : { base_image: base.image }),
    ...(!isDockerfile && isDeclarative && { steps }),
    ...((isDockerfile || files.length > 0) && { build_context: { files } }),
    build_config: toWire(BUILD_CONFIG_NAMES, inputs),
    ...toWire(BUILD_NAMES, inputs),
    ...(Object.keys(runtime).length === 0 ? {} : { runtime_config: runtime }),
    ...(registryAuth.length > 0 &&
      (isDockerfile ? { registry_auth: registryAuth } : { base_image_auth: registryAuth[0]!.auth })),
    ...(inputs.buildSecrets === undefined
      ? {}
      : {
          build_secrets: Object.entries(inputs.buildSecrets).map(([id, value]) => ({
            id,
            value,
            source: "value" as const,
          })),
        }),
    ...(inputs.skipCache || facts.skipCache ? { skip_cache: true } : {}),
    ...(claimToken === undefined ? {} : { claim_token: claimToken }),
  };
}

/** The last step that sets a user or a folder sets it for machines, too, as the SDK's builder has it. */
function toRuntimeConfig(inputs: TemplateInputs): RuntimeConfig {
  const { steps = [], env, readiness } = inputs;
  const user = inputs.user ?? steps.findLast((step) => step.kind === "user")?.user;
  const workdir = inputs.workdir ?? steps.findLast((step) => step.kind === "workdir")?.path;
  return {
    ...toWire(RUNTIME_NAMES, { user, workdir, env }),
    ...(readiness === undefined ? {} : { readiness: toWireReadiness(readiness) }),
  };
}

/**
 * Digest of all inputs that a build depends on: two builds with one definition make the same thing. Environment values
 * go into it, so it is kept as a secret.
 */
export function digestDefinition(inputs: TemplateInputs): string {
  const parts = Object.entries(effectsOf(TemplateInputs))
    .map(([key, { effect }]) => ({ key: key as keyof TemplateInputs, effect }))
    .filter(({ key, effect }) => effect === "rebuild" && inputs[key] !== undefined)
    .map(({ key }) => [key, sortKeys(inputs[key])]);
  if (inputs.rebuildOnSecretChange) {
    for (const key of SECRET_INPUTS) if (inputs[key] !== undefined) parts.push([key, sortKeys(inputs[key])]);
  }
  return `d1:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/**
 * The value with the members of its objects in one order, so that equal values print equally. Objects become lists of pairs:
 * canonical JSON, which would keep them objects, gives other bytes, and digests of these are in the states of stacks.
 */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => [key, sortKeys(member)]);
}
