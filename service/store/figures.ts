import { statSync } from "node:fs";
import type { Database } from "./database.ts";
import { IS_LIVE } from "./live-machines.ts";

/** Counted along indexes, so that a look costs the same in a store of any size. */
export function openBuildCounts(db: Database): { status: "waiting" | "building"; count: number }[] {
  return db.all("SELECT status, count(*) AS count FROM builds WHERE status IN ('waiting', 'building') GROUP BY status");
}

/** Machines that are not over, by status. */
export function liveMachineCounts(db: Database): { status: "creating" | "running" | "paused"; count: number }[] {
  return db.all(`SELECT status, count(*) AS count FROM machines WHERE ${IS_LIVE} GROUP BY status`);
}

/** What pools are to hold and what they hold. */
export interface PoolFigures {
  name: string;
  minReady: number;
  maxReady: number;
  warming: number;
  ready: number;
  claimed: number;
  terminating: number;
}

/** Pools that are not deleted, the oldest first. @param limit most of them */
export function poolFigures(db: Database, limit: number): PoolFigures[] {
  const count = (state: string) =>
    `(SELECT count(*) FROM guests g WHERE g.pool_id = p.pool_id AND g.state = '${state}') AS ${state}`;
  const states = ["warming", "ready", "claimed", "terminating"].map(count).join(", ");
  return db.all(
    `SELECT name, min_ready AS minReady, max_ready AS maxReady, ${states} FROM warm_pools p
     WHERE state <> 'deleted' ORDER BY seq LIMIT ?`,
    [limit],
  );
}

/** Bytes of the store's file and its write-ahead log. */
export function storeFileBytes(storePath: string): number {
  return [storePath, `${storePath}-wal`]
    .map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes);
}
