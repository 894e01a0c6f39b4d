import {
  fromWire,
  parseTemplateRef,
  SIZE_NAMES,
  WARM_POOL_DEFAULTS,
  WARM_POOL_NAMES,
  type CreateWarmPoolRequest,
  type UpdateWarmPoolRequest,
} from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../../errors.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { placementOf } from "./pool-placement.ts";

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

const { template, ...ALIKE } = WARM_POOL_NAMES;
/** What a pool's settings are called in the store, and in the contract. */
export const SETTING_NAMES = {
  ...ALIKE,
  templateRef: template,
  hostPoolId: "host_pool_id",
  cellId: "cell_id",
} as const;
const { memoryMib: memoryMb, ...SIZES } = SIZE_NAMES;
/** What the members of its `resources` are called there. */
export const RESOURCE_NAMES = { ...SIZES, memoryMb } as const;

/** The settings of a new pool, with the contract's defaults. @throws InvalidRequestError, TemplateRefError */
export function settingsOf(request: CreateWarmPoolRequest) {
  const { track_tag = null, host_pool_id = null, cell_id = null, labels = {}, metadata = {} } = request;
  checkRef(request.template_ref);
  const filled = { ...WARM_POOL_DEFAULTS, ...request, version_policy: versionPolicyOf(request) };
  const { disk_mb = null } = request.resources;
  return {
    ...fromWire(SETTING_NAMES, { ...filled, track_tag, host_pool_id, cell_id }),
    ...fromWire(RESOURCE_NAMES, { ...request.resources, disk_mb }),
    labels: JSON.stringify(labels),
    placement: placementOf(labels),
    metadata: JSON.stringify(metadata),
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
  const { resources, labels, metadata, ...rest } = request;
  if (rest.template_ref !== undefined) checkRef(rest.template_ref);
  return {
    ...fromWire(SETTING_NAMES, rest),
    ...(resources && fromWire(RESOURCE_NAMES, { disk_mb: null, ...resources })),
    ...(labels && { labels: JSON.stringify(labels) }),
    ...(metadata && { metadata: JSON.stringify(metadata) }),
  };
}

/** A pool as it would be after a request: with {@link changesOf}, and what follows from them. */
export function changed(pool: PoolRow, request: UpdateWarmPoolRequest): PoolRow {
  const { labels } = request;
  return { ...pool, ...changesOf(request), ...(labels && { placement: placementOf(labels) }) };
}

/** @throws TemplateRefError */
function checkRef(ref: string): void {
  parseTemplateRef(ref);
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
