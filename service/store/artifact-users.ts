import type { ArtifactState } from "./artifacts.ts";

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

/** With the place of the artifact in the order in which all were made. */
export interface NumberedArtifactUsers extends ArtifactUsers {
  seq: number;
}

/** Runs a query on a store, whoever has it open. */
export type AskStore = (sql: string, binds: Record<string, string | number>) => object[];

/** The artifacts whose images are kept, newest first, and what uses each. */
export function artifactUsers(
  ask: AskStore,
  { before = Number.MAX_SAFE_INTEGER, limit = -1 }: { before?: number; limit?: number } = {},
): NumberedArtifactUsers[] {
  const rows = ask(
    `SELECT a.seq, a.template_id AS templateId, a.build_id AS buildId, t.namespace || '/' || t.name AS template, a.state,
       (SELECT json_group_array(tag ORDER BY tag) FROM tags WHERE tags.build_id = a.build_id) AS tags,
       (SELECT count(*) FROM guests g WHERE g.template_id = a.template_id) AS machines,
       (SELECT json_group_array(w.name ORDER BY w.name) FROM warm_pools w
        WHERE w.template_id = a.template_id AND w.state <> 'deleted') AS pools,
       (SELECT count(*) FROM builds c JOIN artifacts ca USING (build_id)
        WHERE c.base_template_id = a.template_id AND ca.state = 'available') AS children
     FROM artifacts a JOIN builds b USING (build_id) JOIN templates t USING (template_key)
     WHERE a.image_removed_at IS NULL AND a.seq < $before ORDER BY a.seq DESC LIMIT $limit`,
    { $before: before, $limit: limit },
  ) as (Omit<NumberedArtifactUsers, "tags" | "pools"> & { tags: string; pools: string })[];
  return rows.map((row) => ({
    ...row,
    tags: JSON.parse(row.tags) as string[],
    pools: JSON.parse(row.pools) as string[],
  }));
}
