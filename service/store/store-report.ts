import { DatabaseSync } from "node:sqlite";
import type { ArtifactState } from "./artifacts.ts";

/** Bytes of a table with its indexes, and its rows where they are counted. */
export interface TableSize {
  name: string;
  bytes: number;
}

/** What uses an image of an artifact. */
export interface ArtifactUsers {
  templateId: string;
  buildId: string;
  /** `namespace/name`. */
  template: string;
  state: ArtifactState;
  tags: string[];
  machines: number;
  pools: string[];
  /** Templates built on it. */
  children: number;
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
  machines: number;
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
      machines: one("SELECT count(*) FROM machines WHERE status IN ('creating', 'running', 'paused')"),
      artifacts: artifactsWithUsers(db),
    };
  } finally {
    db.close();
  }
}

function artifactsWithUsers(db: DatabaseSync): ArtifactUsers[] {
  const rows = db
    .prepare(
      `SELECT a.template_id AS templateId, a.build_id AS buildId, t.namespace || '/' || t.name AS template, a.state,
         (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.build_id = a.build_id) AS tags,
         (SELECT count(*) FROM guests g WHERE g.template_id = a.template_id) AS machines,
         (SELECT json_group_array(w.name ORDER BY w.name) FROM warm_pools w
          WHERE w.template_id = a.template_id AND w.state <> 'deleted') AS pools,
         (SELECT count(*) FROM builds c JOIN artifacts ca USING (build_id)
          WHERE c.base_template_id = a.template_id AND ca.state = 'available') AS children
       FROM artifacts a JOIN builds b USING (build_id) JOIN templates t USING (template_key)
       WHERE a.image_removed_at IS NULL ORDER BY a.seq DESC`,
    )
    .all() as unknown as (Omit<ArtifactUsers, "tags" | "pools"> & { tags: string; pools: string })[];
  return rows.map((row) => ({
    ...row,
    tags: JSON.parse(row.tags) as string[],
    pools: JSON.parse(row.pools) as string[],
  }));
}
