import type { Machine, WarmPoolCheckout } from "pulumi-nullspace/wire";
import type { MachineRow } from "../../store/machines.ts";

/** The answer of the contract for a machine. The published client refuses nulls here, so what is absent is left out. */
export function machineAnswer(row: MachineRow, nowMs: number): Machine {
  const isLive = row.status === "creating" || row.status === "running";
  const timeoutAt = new Date(row.timeoutAtMs).toISOString();
  return {
    id: row.machineId,
    template: row.template,
    status: row.status,
    config: machineConfig(row),
    created_at: new Date(row.createdAtMs).toISOString(),
    metadata: JSON.parse(row.metadata) as Record<string, unknown>,
    ...(row.startedAtMs !== null && { started_at: new Date(row.startedAtMs).toISOString() }),
    timeout_ms: row.timeoutMs,
    timeout_action: row.timeoutAction,
    ...(isLive && {
      timeout_at: timeoutAt,
      expires_at: timeoutAt,
      remaining_ms: Math.max(0, row.timeoutAtMs - nowMs),
    }),
    last_active_at: new Date(row.lastActiveAtMs).toISOString(),
    ...(row.cwd !== null && { cwd: row.cwd }),
    ...(row.inactivityTimeoutMs !== null && { inactivity_timeout_ms: row.inactivityTimeoutMs }),
    ...(row.autoDeleteAfterMs !== null && { auto_delete_after_ms: row.autoDeleteAfterMs }),
    ephemeral: row.ephemeral === 1,
    ...(row.checkout !== null && { warm_pool_checkout: JSON.parse(row.checkout) as WarmPoolCheckout }),
    // Beyond the contract: why a machine is in error.
    ...(row.failure !== null && { error: row.failure }),
  };
}

/** The size of a machine, as answers carry it. */
export function machineConfig(row: MachineRow): Machine["config"] {
  return {
    vcpus: row.vcpus,
    memory_mb: row.memoryMb,
    ...(row.diskMb !== null && { disk_mb: row.diskMb }),
  };
}
