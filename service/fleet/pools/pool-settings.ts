import {
  parseTemplateRef,
  WARM_POOL_DEFAULTS,
  type CreateWarmPoolRequest,
  type UpdateWarmPoolRequest,
} from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../../errors.ts";
import type { PoolRow } from "../../store/warm-pools.ts";

/** Largest pool: one host holds no more containers than this in good order. */
export const MAX_POOL_SIZE = 500;

/** What every pool begins with. */
export const NEW_POOL = {
  state: "enabled",
  rolloutGeneration: 1,
  previousResolvedTemplate: null,
  previousBuildId: null,
  previousTemplateId: null,
  degradedReason: null,
  failureCount: 0,
  failureAtMs: null,
  failureReason: null,
  lastFailure: null,
  releasedThisTick: 0,
} as const;

/** Times of a pool that is made, and enabled, now. */
export function timesOfNewPool(nowMs: number) {
  return {
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    enabledAtMs: nowMs,
    disabledAtMs: null,
    drainRequestedAtMs: null,
    lastReconciledAtMs: null,
    deletedAtMs: null,
  };
}

/** The settings of a new pool, with the contract's defaults. @throws InvalidRequestError, TemplateRefError */
export function settingsOf(request: CreateWarmPoolRequest) {
  return {
    name: request.name,
    templateRef: templateRefOf(request.template_ref),
    minReady: request.min_ready,
    maxReady: request.max_ready,
    vcpus: request.resources.vcpus,
    memoryMb: request.resources.memory_mb,
    diskMb: request.resources.disk_mb ?? null,
    checkoutPolicy: request.checkout_policy ?? WARM_POOL_DEFAULTS.checkout_policy,
    idleTimeoutSeconds: request.idle_timeout_seconds ?? WARM_POOL_DEFAULTS.idle_timeout_seconds,
    staleAfterSeconds: request.stale_after_seconds ?? WARM_POOL_DEFAULTS.stale_after_seconds,
    versionPolicy: versionPolicyOf(request),
    trackTag: request.track_tag ?? null,
    hostPoolId: request.host_pool_id ?? null,
    cellId: request.cell_id ?? null,
    labels: JSON.stringify(request.labels ?? {}),
    metadata: JSON.stringify(request.metadata ?? {}),
  };
}

/** Whoever names a tag to track wants it tracked. */
function versionPolicyOf(request: CreateWarmPoolRequest): PoolRow["versionPolicy"] {
  if (request.version_policy === "pinned_build" && request.track_tag !== undefined) {
    throw new InvalidRequestError(
      `track_tag "${request.track_tag}" contradicts version_policy pinned_build: leave one of the two out.`,
    );
  }
  return request.version_policy ?? (request.track_tag === undefined ? WARM_POOL_DEFAULTS.version_policy : "track_tag");
}

/** Members that are absent stay; `null` clears those that may be cleared. */
export function changesOf(request: UpdateWarmPoolRequest): Partial<PoolRow> {
  const { resources, labels, metadata } = request;
  const changes: { [Member in keyof PoolRow]?: PoolRow[Member] | undefined } = {
    name: request.name,
    templateRef: request.template_ref && templateRefOf(request.template_ref),
    minReady: request.min_ready,
    maxReady: request.max_ready,
    vcpus: resources?.vcpus,
    memoryMb: resources?.memory_mb,
    diskMb: resources && (resources.disk_mb ?? null),
    checkoutPolicy: request.checkout_policy,
    idleTimeoutSeconds: request.idle_timeout_seconds,
    staleAfterSeconds: request.stale_after_seconds,
    versionPolicy: request.version_policy,
    trackTag: request.track_tag,
    hostPoolId: request.host_pool_id,
    cellId: request.cell_id,
    labels: labels && JSON.stringify(labels),
    metadata: metadata && JSON.stringify(metadata),
  };
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<PoolRow>;
}

/** The reference as it was given, once it is known to be one. */
function templateRefOf(ref: string): string {
  parseTemplateRef(ref);
  return ref;
}

/** @throws InvalidRequestError when a pool can hold no such numbers of members */
export function assertBounds({ minReady, maxReady }: Pick<PoolRow, "minReady" | "maxReady">): void {
  if (maxReady < minReady) {
    throw new InvalidRequestError(`max_ready (${maxReady}) must be at least min_ready (${minReady}).`);
  }
  if (maxReady > MAX_POOL_SIZE) {
    throw new InvalidRequestError(
      `max_ready is ${maxReady}; this service holds at most ${MAX_POOL_SIZE} machines a pool.`,
    );
  }
}
