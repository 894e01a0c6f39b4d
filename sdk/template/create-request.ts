import { readFileSync } from "node:fs";
import {
  flag,
  listOf,
  object,
  oneOf,
  options,
  required,
  secretText,
  text,
  whole,
  type Members,
} from "../arguments/index.ts";
import type { ContextFile } from "../wire/blob.ts";
import type { BuildBackend, CreateTemplateRequest } from "../wire/create-template.ts";
import { PROGRAM_SIZE } from "../wire/defaults.ts";
import { BUILD_CONFIG_NAMES, toWire } from "../wire/member-names.ts";
import type { BuildSecret } from "../wire/registry-auth.ts";
import { check } from "./argument-checks.ts";
import { resolveIdentity } from "./build-identity.ts";
import { withSecret } from "./build-secrets.ts";
import { collectContext, type CollectedContext } from "./collect-context.ts";
import type { LocalEntry } from "./collect-files.ts";
import { DEFINITION, type TemplateDefinition } from "./definition.ts";
import { ContextSourceError, TemplateArgumentError } from "./errors.ts";

/** What a build is called, how big it is, and how it runs. */
export interface RequestOptions {
  /**
   * Name of the template.
   *
   * @default the service makes one up
   */
  name?: string | undefined;
  /** @default the service's, `default` */
  tags?: readonly string[] | undefined;
  /**
   * Virtual CPUs of build and machines.
   *
   * @default 2
   */
  vcpus?: number | undefined;
  /**
   * Memory of build and machines, MiB.
   *
   * @default 512
   */
  memoryMib?: number | undefined;
  /**
   * Smallest root filesystem, MB.
   *
   * @default headroom that the service chooses
   */
  diskMb?: number | undefined;
  /** @default true */
  internetAccess?: boolean | undefined;
  /** @default buildkit for a Dockerfile, else native */
  buildBackend?: BuildBackend | undefined;
  /** Beside those of the builder. */
  buildSecrets?: readonly { id: string; value: string; source?: BuildSecret["source"] }[] | undefined;
  /**
   * Bypass every cache.
   *
   * @default false
   */
  skipCache?: boolean | undefined;
  /** Token of a reserved name. */
  claimToken?: string | undefined;
}

/** Options of `toJSON`: without any of the sizes the request says none. */
export type JsonOptions = RequestOptions & { alias?: string | undefined };

const SECRETS = listOf(
  options<{ id: unknown; value: unknown; source: unknown }>({
    id: required(text),
    value: required(secretText),
    source: oneOf("value", "env", "file"),
  }),
  "secrets",
);

/** What {@link RequestOptions} must be, member by member. */
export const REQUEST_MEMBERS: Members<RequestOptions> = {
  name: text,
  tags: { ...listOf(text, "texts"), expected: 'a list of texts, such as ["stable"]' },
  vcpus: whole(1),
  memoryMib: whole(1),
  diskMb: whole(1),
  internetAccess: flag,
  buildBackend: oneOf("native", "buildkit"),
  buildSecrets: SECRETS,
  skipCache: flag,
  claimToken: secretText,
};

/** What sizes were called once, or are called in the Python client and in the resources of before. */
export const RENAMED_SIZES = { cpuCount: "vcpus", cpus: "vcpus", memoryMb: "memoryMib", diskMib: "diskMb" };

export const JSON_OPTIONS = options<JsonOptions>({ ...REQUEST_MEMBERS, alias: text }, RENAMED_SIZES);

/** Only what a request is made of, whatever else the caller's object holds. */
export function pickRequestOptions(options: RequestOptions): RequestOptions {
  const entries = Object.entries(options).filter(([name]) => Object.hasOwn(REQUEST_MEMBERS, name));
  return Object.fromEntries(entries) as RequestOptions;
}

/**
 * The request that builds a definition.
 *
 * @param form `json`: files inline, sizes only when given (`toJSON`); `call`: files inline, sizes always (validate, plan);
 *   `outline`: files without their bytes, sizes always (build fills in blobs; inspect shows it)
 * @example
 * ```ts
 * const definition: TemplateDefinition = {
 *   base: { kind: "image", image: "nginx:1.29" },
 *   steps: [],
 *   buildEnvs: {},
 *   runtimeEnvs: { LANG: "C.UTF-8" },
 *   buildSecrets: [],
 * };
 * const request = createRequest(definition, { name: "web", tags: ["v1"] }, "call");
 * ```
 */
export function createRequest(
  definition: TemplateDefinition,
  options: JsonOptions,
  form: "json" | "call" | "outline",
  context: CollectedContext = collectContext(definition),
): CreateTemplateRequest {
  check(
    "createRequest",
    { definition: DEFINITION, options: JSON_OPTIONS, form: oneOf("json", "call", "outline"), context: object },
    { definition, options, form, context },
  );
  const { base, buildEnvs, startCmd } = definition;
  if (base.kind === "dockerfile" && options.buildBackend === "native") {
    throw new TemplateArgumentError(
      "buildBackend",
      "native does not build a Dockerfile: use buildkit, or leave it out",
    );
  }
  const { name, tags } = resolveIdentity(undefined, options);
  const declarative = context.steps.length > 0 || Object.keys(buildEnvs).length > 0 || startCmd !== undefined;
  const files = context.entries.map((entry) => contextFile(entry, form !== "outline"));
  const secrets = (options.buildSecrets ?? []).reduce<readonly BuildSecret[]>(
    (all, secret) => withSecret("buildSecrets", all, secret),
    definition.buildSecrets,
  );
  const runtime = runtimeConfig(definition);
  const config = buildConfig(options, form);
  return {
    ...(name !== undefined && { name }),
    ...(options.alias !== undefined && { alias: options.alias }),
    ...(tags !== undefined && { tags: [...tags] }),
    ...(base.kind === "dockerfile" ? { dockerfile: base.content } : { base_image: base.image }),
    ...(base.kind === "image" && declarative && { steps: context.steps }),
    ...(Object.keys(buildEnvs).length > 0 && { build_envs: { ...buildEnvs } }),
    ...(startCmd !== undefined && { start_cmd: startCmd }),
    ...(files.length > 0 && { build_context: { files } }),
    ...(config !== undefined && { build_config: config }),
    ...(options.buildBackend !== undefined && { build_backend: options.buildBackend }),
    ...(runtime !== undefined && { runtime_config: runtime }),
    ...(definition.baseImageAuth !== undefined && { base_image_auth: definition.baseImageAuth }),
    ...(secrets.length > 0 && { build_secrets: [...secrets] }),
    ...(options.skipCache && { skip_cache: true }),
    ...(options.claimToken !== undefined && { claim_token: options.claimToken }),
  };
}

function runtimeConfig(definition: TemplateDefinition): CreateTemplateRequest["runtime_config"] {
  const { defaultUser, defaultWorkdir, runtimeEnvs, readiness } = definition;
  const config = {
    ...(defaultUser !== undefined && { default_user: defaultUser }),
    ...(defaultWorkdir !== undefined && { default_workdir: defaultWorkdir }),
    ...(Object.keys(runtimeEnvs).length > 0 && { default_envs: { ...runtimeEnvs } }),
    ...(readiness !== undefined && { readiness }),
  };
  return Object.keys(config).length > 0 ? config : undefined;
}

function buildConfig(
  options: RequestOptions,
  form: "json" | "call" | "outline",
): CreateTemplateRequest["build_config"] {
  const { vcpus, memoryMib, diskMb, internetAccess } = options;
  // That there is internet is left unsaid.
  const asked = toWire(BUILD_CONFIG_NAMES, {
    vcpus,
    memoryMib,
    diskMb,
    internetAccess: internetAccess === false ? false : undefined,
  });
  if (form === "json" && Object.keys(asked).length === 0) return undefined;
  return { ...toWire(BUILD_CONFIG_NAMES, PROGRAM_SIZE), ...asked };
}

function contextFile(entry: LocalEntry, inline: boolean): ContextFile {
  const { type, path, mode, fsPath } = entry;
  if (type === "dir" || !inline) return { path, entry_type: type, mode };
  try {
    return { path, entry_type: "file", content_base64: readFileSync(fsPath, "base64"), mode };
  } catch (cause) {
    throw new ContextSourceError(fsPath, "cannot be read", { code: "source_unreadable", cause });
  }
}
