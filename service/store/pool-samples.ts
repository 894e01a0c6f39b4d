import type { Database } from "./database.ts";

/** Members of a pool at a moment. */
export interface PoolSample {
  atMs: number;
  /** Ready members that it should have: `min_ready` while it is enabled, else 0. */
  floor: number;
  ready: number;
  warming: number;
  claimed: number;
}

/** A sample and the pool that it is of, by its number. */
export interface NumberedSample extends PoolSample {
  poolSeq: number;
}

const MEMBERS = "at_ms AS atMs, floor, ready, warming, claimed";

/** The members of all pools that are not deleted, counted now. */
export function countPoolMembers(db: Database, atMs: number): NumberedSample[] {
  return db.all<NumberedSample>(
    `SELECT w.seq AS poolSeq, $at AS atMs, iif(w.state = 'enabled', w.min_ready, 0) AS floor,
       coalesce(g.ready, 0) AS ready, coalesce(g.warming, 0) AS warming, coalesce(g.claimed, 0) AS claimed
     FROM warm_pools w LEFT JOIN (
       SELECT pool_id, sum(state = 'ready') AS ready, sum(state = 'warming') AS warming, sum(state = 'claimed') AS claimed
       FROM guests WHERE pool_id IS NOT NULL GROUP BY pool_id) g USING (pool_id)
     WHERE w.state IN ('enabled', 'disabled', 'draining')`,
    { $at: atMs },
  );
}

/** The last sample of every pool that has one. */
export function lastPoolSamples(db: Database): NumberedSample[] {
  return db.all<NumberedSample>(
    `SELECT s.pool_seq AS poolSeq, ${MEMBERS} FROM warm_pools w JOIN pool_samples s ON s.pool_seq = w.seq
     WHERE w.state <> 'deleted' AND s.at_ms = (SELECT max(at_ms) FROM pool_samples WHERE pool_seq = w.seq)`,
  );
}

/** Records a sample. One of the same pool and moment, of before the clock was set back, gives way. */
export function addPoolSample(db: Database, { poolSeq, atMs, floor, ready, warming, claimed }: NumberedSample): void {
  db.run(
    "INSERT OR REPLACE INTO pool_samples (at_ms, pool_seq, floor, ready, warming, claimed) VALUES (?, ?, ?, ?, ?, ?)",
    [atMs, poolSeq, floor, ready, warming, claimed],
  );
}

/** The samples of a pool between two moments, oldest first, and the last one before them. */
export function poolSamples(db: Database, poolSeq: number, fromMs: number, toMs: number): PoolSample[] {
  return db.all<PoolSample>(
    `SELECT ${MEMBERS} FROM pool_samples
     WHERE pool_seq = $pool AND at_ms <= $to AND at_ms >= coalesce(
       (SELECT max(at_ms) FROM pool_samples WHERE pool_seq = $pool AND at_ms < $from), $from)
     ORDER BY at_ms`,
    { $pool: poolSeq, $from: fromMs, $to: toMs },
  );
}

/**
 * Forgets samples, oldest first, up to `limit` of them.
 *
 * @param before those that are older
 * @param after those that are later than anything can be: the clock has been set back since
 */
export function trimPoolSamples(
  db: Database,
  { before, after, limit }: { before: number; after: number; limit: number },
): number {
  return db.run(
    `DELETE FROM pool_samples WHERE (at_ms, pool_seq) IN (
       SELECT at_ms, pool_seq FROM (
         SELECT at_ms, pool_seq FROM pool_samples WHERE at_ms < $before
         UNION ALL SELECT at_ms, pool_seq FROM pool_samples WHERE at_ms > $after) LIMIT $limit)`,
    { $before: before, $after: after, $limit: limit },
  );
}

/** The moment of the sample behind the newest `keep`; `undefined`: there are not so many. */
export function poolSampleBehind(db: Database, keep: number): number | undefined {
  return db.get<{ atMs: number }>("SELECT at_ms AS atMs FROM pool_samples ORDER BY at_ms DESC LIMIT 1 OFFSET ?", [keep])
    ?.atMs;
}
