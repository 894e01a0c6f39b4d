import type { Database } from "./database.ts";

/** The newest artifact that was made from the same input and is still kept. */
export function findReusable(db: Database, reuseKey: string): { buildId: string; imageId: string } | undefined {
  return db.get<{ buildId: string; imageId: string }>(
    `SELECT build_id AS buildId, image_id AS imageId FROM artifacts
     WHERE reuse_key = ? AND state = 'available' ORDER BY created_at DESC, build_id DESC LIMIT 1`,
    [reuseKey],
  );
}

/** Whether an artifact has been neither deleted nor let go. */
export function isAvailable(db: Database, templateId: string): boolean {
  return db.get("SELECT 1 FROM artifacts WHERE template_id = ? AND state = 'available'", [templateId]) !== undefined;
}
