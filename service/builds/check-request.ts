import type { BuildRow } from "../store/builds.ts";
import { type CreateTemplateRequest, parseTemplateRef, type NamedRef, type TemplateRef } from "pulumi-nullspace/wire";
import {
  fetchingAdds,
  needsRegistry,
  parseImageRef,
  registriesOfDockerfile,
  registriesOfImage,
  type NamedRegistries,
} from "./dockerfile/reading.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { asError, InvalidRequestError, TemplateNotFoundError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Database } from "../store/database.ts";
import { findNamespace } from "../store/namespaces.ts";
import { DEFAULT_NAMESPACE, findByName, SYSTEM_NAMESPACE } from "../templates/logical-template.ts";
import { requireOwnNamespace } from "../templates/names.ts";
import type { ResolvedTemplate } from "../templates/resolve.ts";
import type { BuildDefinition } from "./build-record.ts";
import { canonicalJson, digestOf } from "../canonical-json.ts";
import { contextDigest, readContextEntries, readFileText, type ContextEntry } from "./context-entries.ts";
import { copyOrders, isUnder, normalizeSource } from "./copy-sources.ts";
import { BuildCredentials } from "./credentials.ts";
import { dockerfileArgs } from "./dockerfile/build-args.ts";
import { checkDockerfile, type CheckedDockerfile } from "./dockerfile/check-dockerfile.ts";

/** What a build starts from. */
export type BuildBase =
  | { kind: "template"; template: ResolvedTemplate }
  | { kind: "image"; ref: string }
  | { kind: "dockerfile"; text: string; checked: CheckedDockerfile };

/** A request that can be built. */
export interface CheckedRequest {
  namespace: string;
  name: string;
  tags: string[];
  claimToken: string | undefined;
  backend: BuildRow["buildBackend"];
  sourceType: BuildRow["sourceType"];
  base: BuildBase;
  context: ContextEntry[];
  hasInlineContext: boolean;
  definition: BuildDefinition;
  credentials: BuildCredentials;
  sourceDigest: string;
  contextDigest: string | undefined;
  dockerfileDigest: string | undefined;
  warnings: string[];
}

/** What checking needs. */
export interface RequestChecker {
  db: Database;
  blobs: BlobStore;
  /** Finds the artifact of a ref, making a builtin one first if need be. */
  resolve: (ref: string, signal: AbortSignal) => Promise<ResolvedTemplate>;
}

/**
 * Checks a build request as a whole, after its shape: names, base, steps, context, Dockerfile.
 *
 * @throws ServiceError for the first thing that is wrong, naming the member; nothing has been changed then
 */
export async function checkRequest(
  { db, blobs, resolve }: RequestChecker,
  request: CreateTemplateRequest,
  signal: AbortSignal,
): Promise<CheckedRequest> {
  const { namespace, name } = readName(request);
  const context = readContextEntries(blobs, request.build_context?.files ?? []);
  const base = await readBase({ db, blobs, resolve }, request, context, signal);
  checkCopies(request, context);
  checkRegistries(request, base);
  const definition = toDefinition(request);
  return {
    namespace,
    name,
    tags: [...new Set(request.tags ?? ["default"])],
    claimToken: request.claim_token,
    backend:
      request.build_backend ?? (base.kind === "dockerfile" || request.build_secrets?.length ? "buildkit" : "native"),
    sourceType: sourceTypeOf(request, base),
    base,
    context,
    hasInlineContext: context.some(({ inline }) => inline !== undefined),
    definition,
    credentials: new BuildCredentials(request),
    sourceDigest: sourceDigestOf(definition, base),
    contextDigest: request.build_context === undefined ? undefined : contextDigest(context),
    dockerfileDigest: base.kind === "dockerfile" ? digestOf(base.text) : undefined,
    warnings: warningsOf(request, base),
  };
}

/** The name in the request, or a new one: `name`, `local/name`, or the same under `alias`. */
function readName(request: CreateTemplateRequest): { namespace: string; name: string } {
  const member = request.name !== undefined ? "name" : "alias";
  const text = request[member];
  if (text === undefined) return { namespace: DEFAULT_NAMESPACE, name: newId("template_").replace("_", "-") };
  let ref: TemplateRef;
  try {
    ref = parseTemplateRef(text);
  } catch (error) {
    throw new InvalidRequestError(`${member}: ${asError(error).message}`, { cause: error });
  }
  if (ref.kind === "artifact" || ref.tag !== undefined || ref.buildId !== undefined) {
    throw new InvalidRequestError(
      `${member}: "${text}" is not a name. Give a name without a tag; tags go into "tags".`,
    );
  }
  return { namespace: requireOwnNamespace(ref.namespace ?? DEFAULT_NAMESPACE, text), name: ref.name };
}

async function readBase(
  { db, blobs, resolve }: RequestChecker,
  request: CreateTemplateRequest,
  context: readonly ContextEntry[],
  signal: AbortSignal,
): Promise<BuildBase> {
  if (request.base_image !== undefined) {
    if (isTemplateRef(db, request.base_image)) {
      return { kind: "template", template: await resolveBase(resolve, request.base_image, signal) };
    }
    try {
      parseImageRef(request.base_image);
    } catch (error) {
      throw new InvalidRequestError(`base_image: ${asError(error).message}`, { cause: error });
    }
    return { kind: "image", ref: request.base_image };
  }
  const text = request.dockerfile ?? (await readFileText(blobs, context, request.dockerfile_path ?? ""));
  const checked = checkDockerfile(text, request.build_target);
  const [problem] = checked.problems;
  if (problem !== undefined)
    throw new InvalidRequestError(`dockerfile: ${problem}.`, { details: { problems: checked.problems } });
  if (request.build_config?.internet_access === false) refuseDownloads(text, request);
  return { kind: "dockerfile", text, checked };
}

/** Commands are run without a network; what the builder itself fetches would come all the same. */
function refuseDownloads(text: string, request: CreateTemplateRequest): void {
  for (const { line, isCertain } of fetchingAdds(text, dockerfileArgs(request))) {
    // Of the others the build says so.
    if (!isCertain) continue;
    throw new InvalidRequestError(
      `dockerfile: line ${line}: ADD fetches from the network, and build_config.internet_access is false. ` +
        "Put the file into the build context, or allow internet access.",
    );
  }
}

/**
 * Whether a base means a template. A bare name means one that comes with the service and else an image, so that a
 * template of one's own called `python` never stands in for the image `python`; one's own are named with the namespace.
 */
function isTemplateRef(db: Database, text: string): boolean {
  let ref: TemplateRef;
  try {
    ref = parseTemplateRef(text);
  } catch {
    // An image ref that is no template ref, such as one with a registry.
    return false;
  }
  if (ref.kind === "artifact") return true;
  if (ref.namespace === undefined) return findByName(db, SYSTEM_NAMESPACE, ref.name) !== undefined;
  return isKnownNamespace(db, ref as NamedRef & { namespace: string });
}

function isKnownNamespace(db: Database, { namespace }: { namespace: string }): boolean {
  return findNamespace(db, namespace) !== undefined;
}

async function resolveBase(
  resolve: RequestChecker["resolve"],
  ref: string,
  signal: AbortSignal,
): Promise<ResolvedTemplate> {
  try {
    return await resolve(ref, signal);
  } catch (error) {
    if (!(error instanceof TemplateNotFoundError)) throw error;
    throw new TemplateNotFoundError(ref, error.reason, `base_image: ${error.message}`);
  }
}

function checkCopies(request: CreateTemplateRequest, context: readonly ContextEntry[]): void {
  for (const [index, step] of (request.steps ?? []).entries()) {
    for (const { sources, dst } of copyOrders(step)) {
      for (const source of sources) {
        const wanted = normalizeSource(source);
        if (source.startsWith("/") || wanted.split("/").includes("..")) {
          throw new InvalidRequestError(`steps[${index}]: the source "${source}" leaves the build context.`);
        }
        if (!context.some(({ path }) => isUnder(path, wanted))) {
          throw new InvalidRequestError(`steps[${index}]: the source "${source}" is not in build_context.`);
        }
      }
      if (sources.length > 1 && !dst.endsWith("/") && dst !== ".") {
        throw new InvalidRequestError(
          `steps[${index}]: several sources need a folder to go to: end dst "${dst}" with a slash.`,
        );
      }
    }
  }
}

function checkRegistries(request: CreateTemplateRequest, base: BuildBase): void {
  const named = registriesOf(request, base);
  for (const [index, { registry }] of (request.registry_auth ?? []).entries()) {
    if (!needsRegistry(named, registry)) {
      throw new InvalidRequestError(
        `registry_auth[${index}].registry: nothing in the build names the registry "${registry}".`,
      );
    }
  }
  if (request.base_image_auth !== undefined && base.kind === "template") {
    throw new InvalidRequestError(
      "base_image_auth: the base is a template of this service, which needs no credentials.",
    );
  }
}

function registriesOf({ build_args, build_envs }: CreateTemplateRequest, base: BuildBase): NamedRegistries {
  if (base.kind === "dockerfile") return registriesOfDockerfile(base.text, { ...build_envs, ...build_args });
  if (base.kind === "image") return registriesOfImage(base.ref);
  return { hosts: new Set(), mayBeMore: false };
}

function toDefinition(request: CreateTemplateRequest): BuildDefinition {
  // Named one by one: a member that we do not know may hold anything, a credential included.
  const { dockerfile, base_image, steps, build_envs, start_cmd, build_config, build_backend, dockerfile_path } =
    request;
  const { build_args, build_target, runtime_config, skip_cache } = request;
  const members = {
    dockerfile,
    base_image,
    steps,
    build_envs,
    start_cmd,
    build_config,
    build_backend,
    dockerfile_path,
    build_args,
    build_target,
    runtime_config,
    skip_cache,
    secret_ids: request.build_secrets?.length ? request.build_secrets.map(({ id }) => id) : undefined,
    base_image_auth_kind: request.base_image_auth?.kind,
    registries: request.registry_auth?.length ? request.registry_auth.map(({ registry }) => registry) : undefined,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as BuildDefinition;
}

function sourceTypeOf(request: CreateTemplateRequest, base: BuildBase): BuildRow["sourceType"] {
  if (base.kind === "dockerfile") return "dockerfile";
  if ((request.steps?.length ?? 0) > 0) return "declarative";
  return base.kind === "template" ? "template_base" : "oci_import";
}

/** Equal for requests that ask for the same thing: names, tags, credentials and the context play no part. */
function sourceDigestOf(definition: BuildDefinition, base: BuildBase): string {
  const { skip_cache: _skipCache, build_backend: _backend, ...source } = definition;
  return digestOf(canonicalJson({ ...source, ...(base.kind === "dockerfile" && { dockerfile: base.text }) }));
}

function warningsOf(request: CreateTemplateRequest, base: BuildBase): string[] {
  const warnings: string[] = [];
  if (base.kind === "dockerfile") {
    for (const { instruction, line } of base.checked.ignored) {
      if ((instruction === "CMD" || instruction === "ENTRYPOINT") && request.start_cmd === undefined) {
        warnings.push(`dockerfile line ${line}: ${instruction} is not run in machines; give start_cmd for that`);
      }
    }
  }
  if (request.build_config?.disk_mb !== undefined) {
    // Docker Engine limits a root file system only on some storage drivers and disks, and says so only when it fails.
    warnings.push(
      "build_config.disk_mb: kept and answered, but not enforced: Docker Engine has no portable limit for it",
    );
  }
  for (const name of base.kind === "dockerfile" ? Object.keys(request.build_envs ?? {}) : []) {
    if (base.kind === "dockerfile" && base.checked.args.has(name)) continue;
    warnings.push(`build_envs.${name}: the Dockerfile has no ARG ${name}, so its commands do not see it`);
  }
  if (request.runtime_config?.readiness !== undefined && request.start_cmd === undefined) {
    warnings.push("runtime_config.readiness: there is no start_cmd that could become ready");
  }
  return warnings;
}
