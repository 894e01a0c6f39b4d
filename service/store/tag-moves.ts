import { MARK_TAG_PREFIX } from "pulumi-nullspace/wire";
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

/** A tag that points where its last move has put it. */
export interface LiveTagRow {
  eventId: number;
  at: string;
  actor: string;
  namespace: string;
  name: string;
  tag: string;
  buildId: string;
}

/**
 * Moves of tags that still stand, the last first; those of the tags by which the provider knows its builds are passed over.
 * A tag that went away and came back to the same build is there for each time.
 */
export function standingTagMoves(db: Database, limit: number): LiveTagRow[] {
  return db.all<LiveTagRow>(
    `SELECT e.event_id AS eventId, e.at, e.actor, t.namespace, t.name, g.tag, g.build_id AS buildId
     FROM audit_events e
     JOIN tags g ON g.template_key = e.template_key AND g.tag = e.detail ->> '$.tag' AND g.build_id = e.detail ->> '$.to'
     JOIN templates t ON t.template_key = e.template_key
     WHERE e.action = 'tag_moved' AND t.deleted_at IS NULL AND g.tag NOT LIKE '${MARK_TAG_PREFIX}%'
     ORDER BY e.event_id DESC LIMIT ?`,
    [limit],
  );
}
