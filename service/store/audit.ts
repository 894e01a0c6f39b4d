import { currentCaller } from "../caller.ts";
import { now } from "../clock.ts";
import type { Database } from "./database.ts";

/** All keys of a local service are of one user: whose namespace it is, and whose claims on names. */
export const LOCAL_USER = "local";

/** What the audit table keeps: who changed what how. */
export const AUDIT_ACTIONS = [
  "tag_moved",
  "tag_removed",
  "alias_removed",
  "renamed",
  "visibility_changed",
  "template_deleted",
  "artifact_deleted",
  "artifact_reclaimed",
  "artifact_lost",
  "artifact_found",
  "build_promoted",
  "build_cancelled",
  "machine_created",
  "machine_claimed",
  "machine_paused",
  "machine_resumed",
  "machine_ended",
  "pool_created",
  "pool_updated",
  "pool_enabled",
  "pool_disabled",
  "pool_drained",
  "pool_deleted",
  "key_created",
  "key_revoked",
  "sweep_asked",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/**
 * Appends an audit event in the name of the current caller; call it in the transaction of the change.
 *
 * @param templateKey of a move of a tag: the template whose tag it is
 */
export function audit(
  db: Database,
  action: AuditAction,
  subject: string,
  detail: Record<string, unknown>,
  templateKey: number | null = null,
): void {
  const { keyId, name } = currentCaller();
  db.run(
    "INSERT INTO audit_events (at, actor, key_id, action, subject, detail, template_key) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [now(), name, keyId, action, subject, JSON.stringify(detail), templateKey],
  );
}
