import {
  formatTemplateRef,
  parseTemplateRef,
  type CreateWarmPoolRequest,
  type UpdateWarmPoolRequest,
  type WarmPool,
} from "../../../sdk/wire/index.ts";
import type { Properties } from "../properties.ts";
import type { Mark } from "../ownership/mark.ts";
import { withoutOwner, withOwner } from "./pool-owner.ts";
import { CheckedWarmPoolInputs, type WarmPoolInputs, type WarmPoolOutputs } from "./inputs.ts";

/** The pool that the inputs ask for, in the words of the service. */
export function toCreateRequest(inputs: WarmPoolInputs, mark: Mark): CreateWarmPoolRequest {
  return {
    name: inputs.name,
    template_ref: templateRefOf(inputs),
    min_ready: inputs.minReady,
    max_ready: inputs.maxReady,
    resources: toResources(inputs),
    checkout_policy: inputs.checkoutPolicy,
    idle_timeout_seconds: inputs.idleTimeoutSeconds,
    stale_after_seconds: inputs.staleAfterSeconds,
    version_policy: inputs.versionPolicy,
    ...(inputs.trackTag === undefined ? {} : { track_tag: inputs.trackTag }),
    ...(inputs.labels === undefined ? {} : { labels: inputs.labels }),
    metadata: withOwner(inputs.metadata, mark),
  };
}

/** Only the members whose inputs changed. What an input no longer says is cleared. */
export function toUpdateRequest(
  inputs: WarmPoolInputs,
  changed: ReadonlySet<string>,
  mark: Mark,
): UpdateWarmPoolRequest {
  const all = toCreateRequest(inputs, mark);
  const request: UpdateWarmPoolRequest = {};
  if (changed.has("name")) request.name = all.name;
  if (["template", "buildId", "versionPolicy"].some((key) => changed.has(key))) request.template_ref = all.template_ref;
  if (changed.has("minReady") || changed.has("maxReady")) {
    // Both, so that the service compares the new ones with each other.
    request.min_ready = all.min_ready;
    request.max_ready = all.max_ready;
  }
  if (["vcpus", "memoryMib", "diskMb"].some((key) => changed.has(key))) request.resources = all.resources;
  if (changed.has("checkoutPolicy")) request.checkout_policy = all.checkout_policy;
  if (changed.has("idleTimeoutSeconds")) request.idle_timeout_seconds = all.idle_timeout_seconds;
  if (changed.has("staleAfterSeconds")) request.stale_after_seconds = all.stale_after_seconds;
  if (changed.has("versionPolicy")) request.version_policy = all.version_policy;
  if (changed.has("trackTag")) request.track_tag = all.track_tag ?? null;
  if (changed.has("labels")) request.labels = all.labels ?? {};
  if (changed.has("metadata")) request.metadata = all.metadata;
  return request;
}

/** The ref that the pool is made from: a pinned build is named in it, a tag that is followed stays as it is. */
export function templateRefOf({ template, versionPolicy, buildId }: WarmPoolInputs): string {
  if (versionPolicy !== "pinned_build" || buildId === undefined) return template;
  const ref = parseTemplateRef(template);
  if (ref.kind === "artifact") return template;
  const { namespace, name } = ref;
  return formatTemplateRef({ kind: "name", ...(namespace === undefined ? {} : { namespace }), name, buildId });
}

function toResources({ vcpus, memoryMib, diskMb }: WarmPoolInputs): CreateWarmPoolRequest["resources"] {
  return { vcpus, memory_mb: memoryMib, ...(diskMb === undefined ? {} : { disk_mb: diskMb }) };
}

/** The pool as inputs. What only the program knows is taken from the inputs of the last update. */
export function toInputs(pool: WarmPool, last: Properties | undefined): Properties {
  const metadata = withoutOwner(pool.metadata);
  // The ref that was sent may carry the pinned build: the program's own words stand while they mean the same.
  const sent = last === undefined ? undefined : CheckedWarmPoolInputs.safeParse(last).data;
  const unmoved = sent !== undefined && templateRefOf(sent) === pool.template_ref;
  return {
    name: pool.name,
    template: unmoved ? sent.template : pool.template_ref,
    minReady: pool.min_ready,
    maxReady: pool.max_ready,
    vcpus: pool.resources.vcpus,
    memoryMib: pool.resources.memory_mb,
    ...optional("diskMb", last === undefined || last.diskMb !== undefined ? pool.resources.disk_mb : undefined),
    checkoutPolicy: pool.checkout_policy,
    ...optional("idleTimeoutSeconds", pool.idle_timeout_seconds),
    ...optional("staleAfterSeconds", pool.stale_after_seconds),
    versionPolicy: pool.version_policy,
    // The service fills in the tag of the ref: shown only where the program gives one.
    ...optional("trackTag", last === undefined || last.trackTag !== undefined ? pool.track_tag : undefined),
    ...optional("buildId", last?.buildId === undefined ? undefined : pool.resolved_template_build_id),
    ...optional("labels", Object.keys(pool.labels).length > 0 || last?.labels !== undefined ? pool.labels : undefined),
    ...optional("metadata", Object.keys(metadata).length > 0 || last?.metadata !== undefined ? metadata : undefined),
    enabled: pool.state === "enabled",
    waitForReady: last?.waitForReady ?? true,
    drain: last?.drain ?? false,
    forceDelete: last?.forceDelete ?? false,
    adopt: last?.adopt ?? false,
  };
}

/** What the pool has beside its inputs. */
export function toOutputs(pool: WarmPool): Partial<WarmPoolOutputs> {
  const { ready, warming, claimed } = pool.status;
  return {
    poolId: pool.id,
    state: pool.state,
    ready,
    warming,
    claimed,
    ...optional("resolvedBuildId", pool.resolved_template_build_id),
    ...optional("rolloutGeneration", pool.rollout_generation),
  };
}

/**
 * The outputs of a refresh. Counts come and go: alone they are no difference, and stay what they were when the resource last
 * changed.
 */
export function toReadOutputs(pool: WarmPool, last: Properties | undefined): Partial<WarmPoolOutputs> {
  const now = toOutputs(pool);
  const { ready, warming, claimed } = last ?? {};
  return last === undefined ? now : ({ ...now, ready, warming, claimed } as Partial<WarmPoolOutputs>);
}

function optional<Key extends string, Value>(key: Key, value: Value | null | undefined): { [K in Key]?: Value } {
  return (value == null ? {} : { [key]: value }) as { [K in Key]?: Value };
}
