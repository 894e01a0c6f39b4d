import type { SQLInputValue } from "node:sqlite";
import type { Database } from "./database.ts";

export type PoolState = "enabled" | "disabled" | "draining" | "deleted";

/** A warm pool as the store keeps it; JSON columns are text here. */
export interface PoolRow {
  poolId: string;
  name: string;
  templateRef: string;
  state: PoolState;
  minReady: number;
  maxReady: number;
  vcpus: number;
  memoryMb: number;
  diskMb: number | null;
  checkoutPolicy: "prefer" | "require" | "bypass";
  idleTimeoutSeconds: number;
  staleAfterSeconds: number;
  versionPolicy: "pinned_build" | "track_tag";
  trackTag: string | null;
  hostPoolId: string | null;
  cellId: string | null;
  labels: string;
  metadata: string;
  resolvedTemplate: string;
  buildId: string;
  templateId: string;
  internetAccess: 0 | 1;
  compatibilityKey: string;
  rolloutGeneration: number;
  previousResolvedTemplate: string | null;
  previousBuildId: string | null;
  previousTemplateId: string | null;
  degradedReason: string | null;
  failureCount: number;
  failureAtMs: number | null;
  failureReason: string | null;
  lastFailure: string | null;
  releasedThisTick: number;
  createdAtMs: number;
  updatedAtMs: number;
  enabledAtMs: number | null;
  disabledAtMs: number | null;
  drainRequestedAtMs: number | null;
  lastReconciledAtMs: number | null;
  deletedAtMs: number | null;
}

const NAMES: Record<keyof PoolRow, string> = {
  poolId: "pool_id",
  name: "name",
  templateRef: "template_ref",
  state: "state",
  minReady: "min_ready",
  maxReady: "max_ready",
  vcpus: "vcpus",
  memoryMb: "memory_mb",
  diskMb: "disk_mb",
  checkoutPolicy: "checkout_policy",
  idleTimeoutSeconds: "idle_timeout_seconds",
  staleAfterSeconds: "stale_after_seconds",
  versionPolicy: "version_policy",
  trackTag: "track_tag",
  hostPoolId: "host_pool_id",
  cellId: "cell_id",
  labels: "labels",
  metadata: "metadata",
  resolvedTemplate: "resolved_template",
  buildId: "build_id",
  templateId: "template_id",
  internetAccess: "internet_access",
  compatibilityKey: "compatibility_key",
  rolloutGeneration: "rollout_generation",
  previousResolvedTemplate: "previous_resolved_template",
  previousBuildId: "previous_build_id",
  previousTemplateId: "previous_template_id",
  degradedReason: "degraded_reason",
  failureCount: "failure_count",
  failureAtMs: "failure_at_ms",
  failureReason: "failure_reason",
  lastFailure: "last_failure",
  releasedThisTick: "released_this_tick",
  createdAtMs: "created_at_ms",
  updatedAtMs: "updated_at_ms",
  enabledAtMs: "enabled_at_ms",
  disabledAtMs: "disabled_at_ms",
  drainRequestedAtMs: "drain_requested_at_ms",
  lastReconciledAtMs: "last_reconciled_at_ms",
  deletedAtMs: "deleted_at_ms",
};
const KEYS = Object.keys(NAMES) as (keyof PoolRow)[];
const COLUMNS = KEYS.map((key) => `${NAMES[key]} AS ${key}`).join(", ");

/** The warm pools. */
export class PoolStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(row: PoolRow): void {
    const binds = Object.fromEntries(KEYS.map((key) => [`$${key}`, row[key]])) as Record<string, SQLInputValue>;
    const names = KEYS.map((key) => NAMES[key]).join(", ");
    this.#db.run(`INSERT INTO warm_pools (${names}) VALUES (${KEYS.map((key) => `$${key}`).join(", ")})`, binds);
  }

  /** Deleted ones too: their record stays readable. */
  get(poolId: string): PoolRow | undefined {
    return this.#db.get<PoolRow>(`SELECT ${COLUMNS} FROM warm_pools WHERE pool_id = ?`, [poolId]);
  }

  /** The pool that holds a name now. */
  liveByName(name: string): PoolRow | undefined {
    return this.#db.get<PoolRow>(`SELECT ${COLUMNS} FROM warm_pools WHERE name = ? AND state <> 'deleted'`, [name]);
  }

  /** Newest first. */
  list(states: readonly PoolState[]): PoolRow[] {
    return this.#db.all<PoolRow>(
      `SELECT ${COLUMNS} FROM warm_pools WHERE state IN (SELECT value FROM json_each(?)) ORDER BY pool_id DESC`,
      [JSON.stringify(states)],
    );
  }

  /** Changes members of a pool. `from`: only while its state is one of these. @returns whether it did */
  update(poolId: string, change: Partial<PoolRow>, from?: readonly PoolState[]): boolean {
    const keys = KEYS.filter((key) => change[key] !== undefined);
    if (keys.length === 0) return false;
    const set = keys.map((key) => `${NAMES[key]} = $${key}`).join(", ");
    const binds = Object.fromEntries(keys.map((key) => [`$${key}`, change[key]])) as Record<string, SQLInputValue>;
    return (
      this.#db.run(
        `UPDATE warm_pools SET ${set}
         WHERE pool_id = $id AND ($from IS NULL OR instr($from, ',' || state || ',') > 0)`,
        { ...binds, $id: poolId, $from: from === undefined ? null : `,${from.join(",")},` },
      ) === 1
    );
  }
}
