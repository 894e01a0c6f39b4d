import type { Database } from "./database.ts";

/** One change of where a tag points, from the record of changes. */
export interface TagMoveRow {
  eventId: number;
  at: string;
  actor: string;
  /** `null`: the tag was new. */
  fromBuild: string | null;
  /** `null`: the tag was taken away. */
  toBuild: string | null;
}

/** Moves of a tag of a template that are older than the event `before`, newest first. */
export function tagMoves(
  db: Database,
  { templateKey, tag, before, limit }: { templateKey: number; tag: string; before: number; limit: number },
): TagMoveRow[] {
  return db.all<TagMoveRow>(
    `SELECT e.event_id AS eventId, e.at, e.actor, e.detail ->> '$.from' AS fromBuild, e.detail ->> '$.to' AS toBuild
     FROM audit_events e
     WHERE e.action IN ('tag_moved', 'tag_removed') AND e.template_key = $key AND e.detail ->> '$.tag' = $tag
       AND e.event_id < $before
     ORDER BY e.event_id DESC LIMIT $limit`,
    { $tag: tag, $key: templateKey, $before: before, $limit: limit },
  );
}
