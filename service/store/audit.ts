import { now } from "../clock.ts";
import type { Database } from "./database.ts";

/** The one caller of a local service, as records name it. */
export const LOCAL_USER = "local";

/** What the audit table keeps: who changed which template how. */
export type AuditAction =
  | "tag_moved"
  | "tag_removed"
  | "alias_removed"
  | "renamed"
  | "visibility_changed"
  | "template_deleted"
  | "artifact_deleted"
  | "artifact_reclaimed"
  | "artifact_lost"
  | "artifact_found"
  | "build_promoted"
  | "build_cancelled";

/** Appends an audit event; call it in the transaction of the change. */
export function audit(
  db: Database,
  action: AuditAction,
  subject: string,
  detail: Record<string, unknown>,
  actor = LOCAL_USER,
): void {
  db.run("INSERT INTO audit_events (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)", [
    now(),
    actor,
    action,
    subject,
    JSON.stringify(detail),
  ]);
}
