import { createHash } from "node:crypto";
import type { BuildContext } from "../../../sdk/context/index.ts";
import { effectsOf } from "../input-facts.ts";
import type { ContextFile, CreateTemplateRequest, RuntimeConfig } from "../../../sdk/wire/index.ts";
import { TemplateInputs } from "./inputs.ts";
import { splitRegistryAuth } from "./needed-registry-auth.ts";
import { toWireReadiness } from "./readiness-input.ts";
import { toWireRegistryAuth } from "./registry-auth-input.ts";

/** The build that the inputs ask for, in the words of the service. */
export function toBuildRequest(
  inputs: TemplateInputs,
  {
    name,
    tags,
    context,
    files,
    claimToken,
  }: {
    name: string;
    tags: string[];
    context: BuildContext;
    files: ContextFile[];
    claimToken?: string | undefined;
  },
): CreateTemplateRequest {
  const runtime = toRuntimeConfig(inputs);
  const dockerfile = context.dockerfile?.content ?? inputs.dockerfileContent ?? "";
  const { needed: registryAuth } = splitRegistryAuth(inputs, dockerfile);
  return {
    name,
    tags,
    dockerfile,
    build_context: { files },
    build_config: {
      vcpus: inputs.vcpus,
      memory_mib: inputs.memoryMib,
      internet_access: inputs.internetAccess,
      ...(inputs.diskMb === undefined ? {} : { disk_mb: inputs.diskMb }),
    },
    ...(inputs.buildArgs === undefined ? {} : { build_args: inputs.buildArgs }),
    ...(inputs.target === undefined ? {} : { build_target: inputs.target }),
    ...(inputs.startCmd === undefined ? {} : { start_cmd: inputs.startCmd }),
    ...(Object.keys(runtime).length === 0 ? {} : { runtime_config: runtime }),
    ...(registryAuth.length === 0 ? {} : { registry_auth: registryAuth.map(toWireRegistryAuth) }),
    ...(inputs.buildSecrets === undefined
      ? {}
      : {
          build_secrets: Object.entries(inputs.buildSecrets).map(([id, value]) => ({
            id,
            value,
            source: "value" as const,
          })),
        }),
    ...(inputs.skipCache ? { skip_cache: true } : {}),
    ...(claimToken === undefined ? {} : { claim_token: claimToken }),
  };
}

function toRuntimeConfig(inputs: TemplateInputs): RuntimeConfig {
  return {
    ...(inputs.user === undefined ? {} : { default_user: inputs.user }),
    ...(inputs.workdir === undefined ? {} : { default_workdir: inputs.workdir }),
    ...(inputs.env === undefined ? {} : { default_envs: inputs.env }),
    ...(inputs.readiness === undefined ? {} : { readiness: toWireReadiness(inputs.readiness) }),
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
  return `d1:${createHash("sha256").update(JSON.stringify(parts)).digest("hex")}`;
}

/** The value with the members of its objects in one order, so that equal values print equally. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => [key, sortKeys(member)]);
}
