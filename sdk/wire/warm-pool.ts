import * as z from "zod";
import { WARM_POOL_DEFAULTS } from "./defaults.ts";
import { count, optionalInt, optionalText, optionalTime } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { TagName } from "./ref.ts";

/** Should a machine come from the pool? */
export const CheckoutPolicy = z.enum(["prefer", "require", "bypass"]);
export type CheckoutPolicy = z.infer<typeof CheckoutPolicy>;

/** Does the pool stay with the build that its ref meant when it was made, or follow a tag? */
export const VersionPolicy = z.enum(["pinned_build", "track_tag"]);
export type VersionPolicy = z.infer<typeof VersionPolicy>;

/** What was asked of the pool. */
export const WarmPoolState = openEnum(["enabled", "disabled", "draining", "deleted"]);
export type WarmPoolState = z.infer<typeof WarmPoolState>;

/** Size of each machine of the pool. */
export const WarmPoolResources = z
  .object({
    vcpus: z.int().min(1),
    memory_mb: z.int().min(1),
    disk_mb: z.int().min(1).optional(),
  })
  .meta({ id: "WarmPoolResources" });
export type WarmPoolResources = z.infer<typeof WarmPoolResources>;

const settings = {
  name: z.string().min(1).max(160),
  template_ref: z.string().min(1).max(500).describe("Name, tag, exact build or artifact"),
  min_ready: z.int().min(0).describe("Machines to keep ready"),
  max_ready: z.int().min(0).describe("Ceiling for warming plus ready; at least min_ready"),
  resources: WarmPoolResources,
  checkout_policy: CheckoutPolicy.optional().describe(`Default ${WARM_POOL_DEFAULTS.checkout_policy}`),
  idle_timeout_seconds: z.int().min(1).optional().describe(`Default ${WARM_POOL_DEFAULTS.idle_timeout_seconds}`),
  stale_after_seconds: z.int().min(1).optional().describe(`Default ${WARM_POOL_DEFAULTS.stale_after_seconds}`),
  version_policy: VersionPolicy.optional().describe(`Default ${WARM_POOL_DEFAULTS.version_policy}`),
  track_tag: TagName.optional().describe("Needed with track_tag unless the ref has a tag"),
  host_pool_id: z.string().min(1).optional().describe("Together with cell_id or not at all"),
  cell_id: z.string().min(1).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
};

/** A pool to make. (`template`, an old name of `template_ref`, is renamed by the service before it looks here.) */
export const CreateWarmPoolRequest = z
  .object(settings)
  .check((context) => {
    for (const { path, message } of contradictions(context.value)) {
      context.issues.push({ code: "custom", input: context.value, path: [path], message });
    }
  })
  .meta({ id: "CreateWarmPoolRequest" });
export type CreateWarmPoolRequest = z.infer<typeof CreateWarmPoolRequest>;

/** Members to change; the rest stays. `null` clears `track_tag`, or host pool and cell together. */
export const UpdateWarmPoolRequest = z
  .object(settings)
  .partial()
  .extend({
    track_tag: TagName.nullish(),
    host_pool_id: z.string().min(1).nullish(),
    cell_id: z.string().min(1).nullish(),
  })
  .check((context) => {
    for (const { path, message } of contradictions(context.value)) {
      context.issues.push({ code: "custom", input: context.value, path: [path], message });
    }
  })
  .meta({ id: "UpdateWarmPoolRequest" });
export type UpdateWarmPoolRequest = z.infer<typeof UpdateWarmPoolRequest>;

/** Members of a pool by what they are doing. */
export const WarmPoolStatusCounts = z
  .looseObject({
    target: count,
    ready: count,
    warming: count,
    claimed: count,
    draining: count,
    failed: count,
    expired: count,
    unavailable: count,
  })
  .meta({ id: "WarmPoolStatusCounts" });
export type WarmPoolStatusCounts = z.infer<typeof WarmPoolStatusCounts>;

/** Why a pool cannot hold its target. */
export const DegradedReason = openEnum([
  "no_eligible_hosts",
  "artifact_not_ready",
  "artifact_prewarm_failed",
  "quota_exceeded",
  "template_build_unavailable",
  "controller_disabled",
  "drain_active",
]);
export type DegradedReason = z.infer<typeof DegradedReason>;

const rolloutCounts = z.looseObject({
  ready: z.int().optional(),
  warming: z.int().optional(),
  claimed: z.int().optional(),
  failed: z.int().optional(),
  draining: z.int().optional(),
  released: z.int().optional(),
  other: z.int().optional(),
});

/**
 * How far a move to another build has come. The published Python client refuses members that are not listed here, so a
 * service sends no others.
 */
export const RolloutStatus = z
  .looseObject({
    version_policy: z.string().optional(),
    track_tag: optionalText,
    rollout_generation: z.int().optional(),
    current_identity: z
      .looseObject({
        template: optionalText,
        resolved_template_build_id: optionalText,
        runtime_artifact_id: optionalText,
        warm_profile_key: optionalText,
        create_fingerprint: optionalText,
      })
      .optional(),
    current_counts: rolloutCounts.optional(),
    observed_pool_counts: rolloutCounts.optional(),
    old_ready_or_warming: z.int().optional(),
    old_ready_or_warming_released_this_tick: z.int().optional(),
    updated_at: optionalTime,
  })
  .meta({ id: "RolloutStatus" });
export type RolloutStatus = z.infer<typeof RolloutStatus>;

/** A pool of machines kept ready for one template. */
export const WarmPool = z
  .looseObject({
    id: z.string().describe("twp_…"),
    name: z.string().default(""),
    template_ref: z.string().default(""),
    state: WarmPoolState.default("disabled"),
    min_ready: count,
    max_ready: count,
    resources: z
      .looseObject({
        vcpus: count,
        memory_mb: count,
        disk_mb: optionalInt,
      })
      .default({ vcpus: 0, memory_mb: 0 }),
    status: WarmPoolStatusCounts.default(() => WarmPoolStatusCounts.parse({})),
    resolved_template: optionalText,
    resolved_template_build_id: optionalText,
    runtime_artifact_id: optionalText,
    idle_timeout_seconds: optionalInt,
    stale_after_seconds: optionalInt,
    checkout_policy: openEnum(["prefer", "require", "bypass"]).default(WARM_POOL_DEFAULTS.checkout_policy),
    version_policy: openEnum(["pinned_build", "track_tag"]).default(WARM_POOL_DEFAULTS.version_policy),
    track_tag: optionalText,
    rollout_generation: optionalInt,
    rollout_status: RolloutStatus.nullish(),
    previous_resolved_template: optionalText,
    previous_resolved_template_build_id: optionalText,
    previous_runtime_artifact_id: optionalText,
    degraded_reason: DegradedReason.nullish(),
    degraded_message: optionalText.describe("The reason in words, with what went wrong last"),
    host_pool_id: optionalText,
    cell_id: optionalText,
    compatibility_key: optionalText,
    labels: z.record(z.string(), z.string()).default({}),
    metadata: z.record(z.string(), z.unknown()).default({}),
    created_at: optionalTime,
    updated_at: optionalTime,
    enabled_at: optionalTime,
    disabled_at: optionalTime,
    drain_requested_at: optionalTime,
    last_reconciled_at: optionalTime,
    deleted_at: optionalTime,
  })
  .meta({ id: "WarmPool" });
export type WarmPool = z.infer<typeof WarmPool>;

/** Pools that match a query. */
export const WarmPoolList = z.looseObject({ items: z.array(WarmPool) }).meta({ id: "WarmPoolList" });
export type WarmPoolList = z.infer<typeof WarmPoolList>;

/** Filters of a pool list. */
export const WarmPoolListQuery = z
  .object({
    template: z.string().min(1).optional(),
    state: z.enum(["enabled", "disabled", "draining", "deleted"]).optional(),
    status: z.enum(["ready", "warming", "degraded", "draining", "unavailable"]).optional().describe("Derived health"),
    label: z
      .array(z.string().regex(/^[^=]+=/, { error: "must be KEY=VALUE" }))
      .optional()
      .describe("Each KEY=VALUE; all must match"),
    limit: z.int().min(1).max(1000).optional(),
  })
  .meta({ id: "WarmPoolListQuery" });
export type WarmPoolListQuery = z.infer<typeof WarmPoolListQuery>;

function* contradictions(pool: {
  min_ready?: number | undefined;
  max_ready?: number | undefined;
  host_pool_id?: string | null | undefined;
  cell_id?: string | null | undefined;
}): Generator<{ path: string; message: string }> {
  if (pool.min_ready !== undefined && pool.max_ready !== undefined && pool.max_ready < pool.min_ready) {
    yield { path: "max_ready", message: `${pool.max_ready} is less than min_ready, ${pool.min_ready}` };
  }
  if ((pool.host_pool_id == null) !== (pool.cell_id == null)) {
    yield { path: "cell_id", message: "host_pool_id and cell_id go together" };
  }
}
