import { DatabaseSync } from "node:sqlite";
import { artifactUsers, type ArtifactUsers } from "./artifact-users.ts";
import { IS_LIVE } from "./live-machines.ts";

/** Bytes of a table with its indexes, and its rows where they are counted. */
export interface TableSize {
  name: string;
  bytes: number;
}

/** What the store holds. */
export interface StoreReport {
  version: number;
  tables: TableSize[];
  freeBytes: number;
  templates: number;
  builds: number;
  openBuilds: number;
  logBytes: number;
  blobBytes: number;
  pools: number;
  /** Enabled pools that cannot hold what they are to hold, with the contract's word for why. */
  degradedPools: { name: string; reason: string }[];
  machines: number;
  /** Keys that are good, beside those that a process is started with. */
  keys: number;
  artifacts: ArtifactUsers[];
}

/** Reads what a store holds, from another process than its service. @throws the errors of SQLite, such as that of a lock */
export function inspectStore(path: string): StoreReport {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  try {
    const one = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);
    return {
      version: one("PRAGMA user_version"),
      tables: db
        .prepare(
          `SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat s JOIN sqlite_schema m ON m.name = s.name
           WHERE s.aggregate = TRUE GROUP BY m.tbl_name ORDER BY bytes DESC`,
        )
        .all() as unknown as TableSize[],
      freeBytes: one("PRAGMA freelist_count") * one("PRAGMA page_size"),
      templates: one("SELECT count(*) FROM templates WHERE deleted_at IS NULL"),
      builds: one("SELECT count(*) FROM builds"),
      openBuilds: one("SELECT count(*) FROM builds WHERE status IN ('waiting', 'building')"),
      logBytes: one("SELECT sum(log_bytes) FROM builds"),
      blobBytes: one("SELECT sum(size_bytes) FROM blobs WHERE stored_at IS NOT NULL"),
      pools: one("SELECT count(*) FROM warm_pools WHERE state <> 'deleted'"),
      degradedPools: db
        .prepare(
          `SELECT name, degraded_reason AS reason FROM warm_pools
           WHERE state = 'enabled' AND degraded_reason IS NOT NULL ORDER BY name`,
        )
        .all() as unknown as StoreReport["degradedPools"],
      keys: one("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL"),
      machines: one(`SELECT count(*) FROM machines WHERE ${IS_LIVE}`),
      artifacts: artifactUsers((sql, binds) => db.prepare(sql).all(binds)).map(({ seq: _, ...users }) => users),
    };
  } finally {
    db.close();
  }
}
