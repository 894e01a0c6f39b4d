import { toWire, type RolloutStatus, type WarmPool } from "pulumi-nullspace/wire";
import type { GuestTally } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { RESOURCE_NAMES, SETTING_NAMES } from "./pool-settings.ts";
import { countMembers, countOf } from "./pool-status.ts";

/** The answer of the contract for a pool and its members. What does not apply is left out, never null. */
export function poolAnswer(pool: PoolRow, guests: readonly GuestTally[]): WarmPool {
  return withoutNulls({
    ...toWire(SETTING_NAMES, pool),
    id: pool.poolId,
    state: pool.state,
    resources: withoutNulls(toWire(RESOURCE_NAMES, pool)),
    status: { ...countMembers(pool, guests) },
    resolved_template: pool.resolvedTemplate,
    resolved_template_build_id: pool.buildId,
    runtime_artifact_id: pool.templateId,
    compatibility_key: pool.compatibilityKey,
    rollout_generation: pool.rolloutGeneration,
    rollout_status: rolloutStatus(pool, guests),
    previous_resolved_template: pool.previousResolvedTemplate,
    previous_resolved_template_build_id: pool.previousBuildId,
    previous_runtime_artifact_id: pool.previousTemplateId,
    degraded_reason: pool.degradedReason,
    // Beyond the contract, which lets clients ignore it: the failure behind the reason, in words.
    degraded_message: pool.degradedReason === null ? null : pool.lastFailure,
    labels: JSON.parse(pool.labels) as Record<string, string>,
    metadata: JSON.parse(pool.metadata) as Record<string, unknown>,
    created_at: time(pool.createdAtMs),
    updated_at: time(pool.updatedAtMs),
    enabled_at: time(pool.enabledAtMs),
    disabled_at: time(pool.disabledAtMs),
    drain_requested_at: time(pool.drainRequestedAtMs),
    last_reconciled_at: time(pool.lastReconciledAtMs),
    deleted_at: time(pool.deletedAtMs),
  }) as WarmPool;
}

/** Only members of the contract's closed list: the published Python client refuses any other. */
function rolloutStatus(pool: PoolRow, guests: readonly GuestTally[]): RolloutStatus {
  const current = guests.filter((guest) => guest.compatibilityKey === pool.compatibilityKey);
  const isLive = (guest: GuestTally) => guest.state === "ready" || guest.state === "warming";
  return withoutNulls({
    version_policy: pool.versionPolicy,
    track_tag: pool.trackTag,
    rollout_generation: pool.rolloutGeneration,
    current_identity: {
      template: pool.resolvedTemplate,
      resolved_template_build_id: pool.buildId,
      runtime_artifact_id: pool.templateId,
      warm_profile_key: pool.compatibilityKey,
    },
    current_counts: tally(current),
    observed_pool_counts: tally(guests),
    old_ready_or_warming: countOf(guests, isLive) - countOf(current, isLive),
    old_ready_or_warming_released_this_tick: pool.releasedThisTick,
    updated_at: time(pool.lastReconciledAtMs ?? pool.updatedAtMs),
  }) as RolloutStatus;
}

function tally(guests: readonly GuestTally[]) {
  const count = (state: GuestTally["state"]) => countOf(guests, (guest) => guest.state === state);
  return {
    ready: count("ready"),
    warming: count("warming"),
    claimed: count("claimed"),
    draining: count("terminating"),
  };
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function withoutNulls<T extends Record<string, unknown>>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Partial<T>;
}
