import type { RolloutStatus, WarmPool } from "pulumi-nullspace/wire";
import type { Guest } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { countMembers } from "./pool-status.ts";

/** The answer of the contract for a pool and its members. What does not apply is left out, never null. */
export function poolAnswer(pool: PoolRow, guests: readonly Guest[]): WarmPool {
  return withoutNulls({
    id: pool.poolId,
    name: pool.name,
    template_ref: pool.templateRef,
    state: pool.state,
    min_ready: pool.minReady,
    max_ready: pool.maxReady,
    resources: withoutNulls({ vcpus: pool.vcpus, memory_mb: pool.memoryMb, disk_mb: pool.diskMb }),
    status: { ...countMembers(pool, guests) },
    resolved_template: pool.resolvedTemplate,
    resolved_template_build_id: pool.buildId,
    runtime_artifact_id: pool.templateId,
    compatibility_key: pool.compatibilityKey,
    idle_timeout_seconds: pool.idleTimeoutSeconds,
    stale_after_seconds: pool.staleAfterSeconds,
    checkout_policy: pool.checkoutPolicy,
    version_policy: pool.versionPolicy,
    track_tag: pool.trackTag,
    rollout_generation: pool.rolloutGeneration,
    rollout_status: rolloutStatus(pool, guests),
    previous_resolved_template: pool.previousResolvedTemplate,
    previous_resolved_template_build_id: pool.previousBuildId,
    previous_runtime_artifact_id: pool.previousTemplateId,
    degraded_reason: pool.degradedReason,
    // Beyond the contract, which lets clients ignore it: the failure behind the reason, in words.
    degraded_message: pool.degradedReason === null ? null : pool.lastFailure,
    host_pool_id: pool.hostPoolId,
    cell_id: pool.cellId,
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
function rolloutStatus(pool: PoolRow, guests: readonly Guest[]): RolloutStatus {
  const current = guests.filter((guest) => guest.compatibilityKey === pool.compatibilityKey);
  const isLive = (guest: Guest) => guest.state === "ready" || guest.state === "warming";
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
    old_ready_or_warming: guests.filter(isLive).length - current.filter(isLive).length,
    old_ready_or_warming_released_this_tick: pool.releasedThisTick,
    updated_at: time(pool.lastReconciledAtMs ?? pool.updatedAtMs),
  }) as RolloutStatus;
}

function tally(guests: readonly Guest[]) {
  const count = (state: Guest["state"]) => guests.filter((guest) => guest.state === state).length;
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
