import { BUILD, type BuildRow } from "./builds.ts";
import type { Database } from "./database.ts";

/** A build with the name of its template. */
export interface ListedBuild extends BuildRow {
  namespace: string;
  /** As the template is called today. */
  templateName: string;
}

/** A build that failed. */
export interface FailedBuild extends ListedBuild {
  /** A later build of its template is ready. */
  isMended: 0 | 1;
}

const LISTED = `SELECT ${BUILD.select("b")}, t.namespace, t.name AS templateName`;

/** Builds that run, then those that wait, each in the order they came. */
export function buildsUnderWay(db: Database, limit: number): ListedBuild[] {
  return db.all<ListedBuild>(
    `${LISTED} FROM builds b JOIN templates t USING (template_key)
     WHERE b.status IN ('waiting', 'building') ORDER BY b.status, b.seq LIMIT ?`,
    [limit],
  );
}

/** How many builds run, and how many wait. */
export function countUnderWay(db: Database): { building: number; waiting: number } {
  return db.get<{ building: number; waiting: number }>(
    `SELECT coalesce(sum(status = 'building'), 0) AS building, coalesce(sum(status = 'waiting'), 0) AS waiting
     FROM builds WHERE status IN ('waiting', 'building')`,
  ) as { building: number; waiting: number };
}

/** The builds of live templates that were accepted last, of those that failed. */
export function failedLast(db: Database, limit: number): FailedBuild[] {
  return db.all<FailedBuild>(
    `${LISTED}, EXISTS (SELECT 1 FROM builds later
         WHERE later.template_key = b.template_key AND later.status = 'ready' AND later.seq > b.seq) AS isMended
     FROM builds b JOIN templates t USING (template_key)
     WHERE b.status = 'error' AND t.deleted_at IS NULL ORDER BY b.seq DESC LIMIT ?`,
    [limit],
  );
}

/** How many builds a template has had, up to `most`. */
export function countBuildsOf(db: Database, templateKey: number, most: number): number {
  const { count } = db.get<{ count: number }>(
    "SELECT count(*) AS count FROM (SELECT 1 FROM builds WHERE template_key = ? LIMIT ?)",
    [templateKey, most],
  ) as { count: number };
  return count;
}

/** The build of a template that was accepted last before another one of it became so and is ready; `undefined`: there is none. */
export function readyBefore(db: Database, templateKey: number, buildId: string): string | undefined {
  return db.get<{ buildId: string }>(
    `SELECT build_id AS buildId FROM builds
     WHERE template_key = ? AND status = 'ready' AND seq < (SELECT seq FROM builds WHERE build_id = ?)
     ORDER BY seq DESC LIMIT 1`,
    [templateKey, buildId],
  )?.buildId;
}

/** Whether a build was accepted before another one. */
export function isBefore(db: Database, buildId: string, other: string): boolean {
  return (
    db.get("SELECT 1 FROM builds a JOIN builds b ON a.seq < b.seq WHERE a.build_id = ? AND b.build_id = ?", [
      buildId,
      other,
    ]) !== undefined
  );
}
