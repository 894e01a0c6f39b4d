import type { Database } from "../../../service/store/database.ts";

/** How many pools, machines and records of changes a store has. */
export interface FleetGrowth {
  pools: number;
  /** Ready members of each, which is its floor. */
  membersPerPool: number;
  /** Machines that ended. Default 0. */
  machines?: number;
  /** Records of changes, of three keys. Default 0. */
  events?: number;
}

/** Writes what a fleet leaves, in a few statements. Pools are called `p1` to `pN`, with ids `twp_1` to `twp_N`. */
export function growPools(db: Database, { pools, membersPerPool, machines = 0, events = 0 }: FleetGrowth): void {
  db.transaction(() => {
    db.run(
      `INSERT INTO warm_pools (pool_id, name, template_ref, state, min_ready, max_ready, vcpus, memory_mb, checkout_policy,
         idle_timeout_seconds, stale_after_seconds, version_policy, labels, metadata, resolved_template, build_id, template_id,
         internet_access, compatibility_key, rollout_generation, created_at_ms, updated_at_ms)
       ${numbers(pools)}
       SELECT 'twp_' || n, 'p' || n, 'local/t1', 'enabled', $members, $members + 1, 1, 64, 'prefer', 600, 900, 'pinned_build',
         '{}', '{}', 'local/t1', 'tb_0000000001', 'tmpl_0000000001', 1, 'key', 1, 1, 1 FROM numbers`,
      { $members: membersPerPool },
    );
    db.run(
      `INSERT INTO guests (guest_id, pool_id, state, template_id, compatibility_key, vcpus, memory_mb, internet_access,
         created_at_ms, ready_at_ms)
       ${numbers(pools * membersPerPool)}
       SELECT 'gst_' || (1 + (n - 1) / CAST($members AS INTEGER)) || '_' || (1 + (n - 1) % CAST($members AS INTEGER)), 'twp_' || (1 + (n - 1) / CAST($members AS INTEGER)), 'ready',
         'tmpl_0000000001', 'key', 1, 64, 1, 1, 1 FROM numbers`,
      { $members: membersPerPool },
    );
    db.run(
      `INSERT INTO machines (machine_id, request_digest, template, template_id, status, vcpus, memory_mb, internet_access,
         envs, metadata, timeout_ms, timeout_action, timeout_at_ms, ephemeral, auto_resume, created_at_ms, last_active_at_ms,
         ended_at_ms)
       ${numbers(machines)}
       SELECT printf('mch_%010d', n), 'd', iif(n % 100 = 0, 'local/rare', 'local/t1'), printf('tmpl_%010d', n % 7), 'destroyed', 1,
         64, 1, '{}', '{}', 300000, 'destroy', 4000000000000, 0, 0, 1, 1, 4000000000000 FROM numbers`,
    );
    db.run(
      `INSERT INTO audit_events (at, actor, key_id, action, subject, detail)
       ${numbers(events)}
       SELECT '2026-01-01T00:00:00.000Z', iif(n % 100000 = 0, 'rare', iif(n % 2 = 0, 'ci', 'local')), 'key_' || (n % 2),
         iif(n % 50000 = 0, 'pool_drained', 'machine_claimed'), 'mch_' || n, '{"template":"web"}' FROM numbers`,
    );
  });
}

function numbers(count: number): string {
  return `WITH RECURSIVE numbers(n) AS (SELECT 1 WHERE ${count} > 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
}
