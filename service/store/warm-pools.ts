import { columns } from "./columns.ts";
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

const POOL = columns<PoolRow>({
  poolId: true,
  name: true,
  templateRef: true,
  state: true,
  minReady: true,
  maxReady: true,
  vcpus: true,
  memoryMb: true,
  diskMb: true,
  checkoutPolicy: true,
  idleTimeoutSeconds: true,
  staleAfterSeconds: true,
  versionPolicy: true,
  trackTag: true,
  hostPoolId: true,
  cellId: true,
  labels: true,
  metadata: true,
  resolvedTemplate: true,
  buildId: true,
  templateId: true,
  internetAccess: true,
  compatibilityKey: true,
  rolloutGeneration: true,
  previousResolvedTemplate: true,
  previousBuildId: true,
  previousTemplateId: true,
  degradedReason: true,
  failureCount: true,
  failureAtMs: true,
  failureReason: true,
  lastFailure: true,
  releasedThisTick: true,
  createdAtMs: true,
  updatedAtMs: true,
  enabledAtMs: true,
  disabledAtMs: true,
  drainRequestedAtMs: true,
  lastReconciledAtMs: true,
  deletedAtMs: true,
});
const SELECT = `SELECT ${POOL.select()} FROM warm_pools`;

/** The warm pools. */
export class PoolStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert(row: PoolRow): void {
    this.#db.run(`INSERT INTO warm_pools ${POOL.values()}`, POOL.binds(row));
  }

  /** Deleted ones too: their record stays readable. */
  get(poolId: string): PoolRow | undefined {
    return this.#db.get<PoolRow>(`${SELECT} WHERE pool_id = ?`, [poolId]);
  }

  /** The pool that holds a name now. */
  liveByName(name: string): PoolRow | undefined {
    return this.#db.get<PoolRow>(`${SELECT} WHERE name = ? AND state <> 'deleted'`, [name]);
  }

  /** Newest first. */
  list(states: readonly PoolState[]): PoolRow[] {
    return this.#db.all<PoolRow>(`${SELECT} WHERE state IN (SELECT value FROM json_each(?)) ORDER BY seq DESC`, [
      JSON.stringify(states),
    ]);
  }

  /** Pools that follow one of these tags, of whatever template; deleted ones follow nothing. */
  followingTags(tags: readonly string[]): PoolRow[] {
    return this.#db.all<PoolRow>(`${SELECT} WHERE followed_tag IN (SELECT value FROM json_each(?)) ORDER BY seq DESC`, [
      JSON.stringify(tags),
    ]);
  }

  /** Pools that follow a tag of a template that they call so, in whatever namespace. */
  followingName(name: string): PoolRow[] {
    return this.#db.all<PoolRow>(`${SELECT} WHERE followed_name = ? ORDER BY seq DESC`, [name]);
  }

  /** Changes members of a pool. `from`: only while its state is one of these. @returns whether it did */
  update(poolId: string, change: Partial<PoolRow>, from?: readonly PoolState[]): boolean {
    const set = POOL.assignments(change);
    if (set === "") return false;
    return (
      this.#db.run(
        `UPDATE warm_pools SET ${set}
         WHERE pool_id = $id AND ($from IS NULL OR instr($from, ',' || state || ',') > 0)`,
        { ...POOL.binds(change), $id: poolId, $from: from === undefined ? null : `,${from.join(",")},` },
      ) === 1
    );
  }
}
