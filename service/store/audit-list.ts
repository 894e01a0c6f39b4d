import { AUDIT_ACTIONS, type AuditAction } from "./audit.ts";
import type { Database } from "./database.ts";

/** A record of a change. */
export interface AuditRow {
  /** Numbers count up. */
  eventId: number;
  at: string;
  /** Name of the key, or `service`. */
  actor: string;
  keyId: string | null;
  action: AuditAction;
  subject: string;
  /** JSON. */
  detail: string;
}

/** Which records a list shows. */
export interface AuditFilter {
  action?: AuditAction | undefined;
  subject?: string | undefined;
  /** Name of a key. */
  actor?: string | undefined;
  before: number;
  limit: number;
}

const SELECT = "SELECT event_id AS eventId, at, actor, key_id AS keyId, action, subject, detail FROM audit_events";

/** Records of changes, newest first. Each question goes along an index, whichever filters there are. */
export function auditList(db: Database, { action, subject, actor, before, limit }: AuditFilter): AuditRow[] {
  const binds = { $before: before, $limit: limit };
  if (subject !== undefined) {
    // Of one thing there are few records.
    return db.all<AuditRow>(
      `${SELECT} INDEXED BY audit_events_by_subject
       WHERE subject = $subject AND event_id < $before
         AND ($action IS NULL OR action = $action) AND ($actor IS NULL OR actor = $actor)
       ORDER BY event_id DESC LIMIT $limit`,
      { ...binds, $subject: subject, $action: action ?? null, $actor: actor ?? null },
    );
  }
  if (actor !== undefined) {
    // One look for each kind, so that the index has them in their order.
    const kinds = action === undefined ? AUDIT_ACTIONS : [action];
    const rows = kinds.flatMap((kind) =>
      db.all<AuditRow>(
        `${SELECT} INDEXED BY audit_events_by_actor_and_kind
         WHERE actor = $actor AND action = $action AND event_id < $before ORDER BY event_id DESC LIMIT $limit`,
        { ...binds, $actor: actor, $action: kind },
      ),
    );
    return rows.sort((a, b) => b.eventId - a.eventId).slice(0, limit);
  }
  if (action !== undefined) {
    return db.all<AuditRow>(
      `${SELECT} INDEXED BY audit_events_by_kind
       WHERE action = $action AND event_id < $before ORDER BY event_id DESC LIMIT $limit`,
      { ...binds, $action: action },
    );
  }
  return db.all<AuditRow>(`${SELECT} WHERE event_id < $before ORDER BY event_id DESC LIMIT $limit`, binds);
}
