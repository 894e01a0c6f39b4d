import type { Database } from "./database.ts";

/** Whether a build waits or runs. */
export function isBuildOpen(db: Database, buildId: string): boolean {
  const open = db.get("SELECT 1 FROM builds WHERE build_id = ? AND status IN ('waiting', 'building')", [buildId]);
  return open !== undefined;
}

/** Whether an image belongs to a build that is on its way, or to an artifact that still has it. */
export function isImageWanted(db: Database, templateId: string): boolean {
  const wanted = db.get(
    `SELECT 1 FROM builds b LEFT JOIN artifacts a USING (build_id)
     WHERE b.template_id = ?
       AND (b.status IN ('waiting', 'building') OR (a.build_id IS NOT NULL AND a.image_removed_at IS NULL))`,
    [templateId],
  );
  return wanted !== undefined;
}
