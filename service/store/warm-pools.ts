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
  placement: string | null;
  placementKey: string | null;
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

/** A pool with its place in the order in which all pools were recorded. */
export interface NumberedPool extends PoolRow {
  seq: number;
}

/** A pool that is enabled and has fewer ready members than it should. */
export interface ShortPoolRow {
  poolId: string;
  name: string;
  minReady: number;
  ready: number;
  warming: number;
  degradedReason: string | null;
  /** How many such pools there are. */
  total: number;
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
  placement: true,
  placementKey: true,
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

  /** A pool with its number, also a deleted one. */
  numbered(poolId: string): NumberedPool | undefined {
    return this.#db.get<NumberedPool>(`SELECT ${POOL.select()}, seq FROM warm_pools WHERE pool_id = ?`, [poolId]);
  }

  /** A page of the list, newest first. @param search part of a name @param before number of the last pool of the page before */
  page(query: {
    states: readonly PoolState[];
    search?: string | undefined;
    before: number;
    limit: number;
  }): NumberedPool[] {
    // One look for each state, along the index, as with machines.
    const rows = query.states.flatMap((state) =>
      this.#db.all<NumberedPool>(
        `SELECT ${POOL.select()}, seq FROM warm_pools
         WHERE state = $state AND seq < $before AND ($search IS NULL OR instr(lower(name), lower($search)) > 0)
         ORDER BY seq DESC LIMIT $limit`,
        { $state: state, $before: query.before, $search: query.search ?? null, $limit: query.limit },
      ),
    );
    return rows.sort((a, b) => b.seq - a.seq).slice(0, query.limit);
  }

  /** How many pools are in each state. */
  countByState(): Map<PoolState, number> {
    const rows = this.#db.all<{ state: PoolState; count: number }>(
      "SELECT state, count(*) AS count FROM warm_pools GROUP BY state",
    );
    return new Map(rows.map(({ state, count }) => [state, count]));
  }

  /** Pools that have fewer ready members than they should, newest first. */
  short(limit: number): ShortPoolRow[] {
    return this.#db.all<ShortPoolRow>(
      `SELECT *, count(*) OVER () AS total FROM (
         SELECT pool_id AS poolId, name, min_ready AS minReady, degraded_reason AS degradedReason, seq,
           (SELECT count(*) FROM guests g WHERE g.pool_id = w.pool_id AND g.state = 'ready') AS ready,
           (SELECT count(*) FROM guests g WHERE g.pool_id = w.pool_id AND g.state = 'warming') AS warming
         FROM warm_pools w WHERE state = 'enabled' AND min_ready > 0)
       WHERE ready < minReady ORDER BY seq DESC LIMIT ?`,
      [limit],
    );
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
