import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A tag of a template, and the build that it points at. */
export interface TagRow {
  tag: string;
  buildId: string;
  createdAt: string;
}

const TAG = columns<TagRow>({ tag: true, buildId: true, createdAt: true });

/** The build that a tag points at. */
export function buildOfTag(db: Database, templateKey: number, tag: string): string | undefined {
  return db.get<{ buildId: string }>("SELECT build_id AS buildId FROM tags WHERE template_key = ? AND tag = ?", [
    templateKey,
    tag,
  ])?.buildId;
}

/** Points a tag at a build, whether it was there or not. */
export function putTag(db: Database, templateKey: number, tag: string, buildId: string, at: string): void {
  db.run(
    `INSERT INTO tags (template_key, tag, build_id, created_at, moved_at) VALUES ($key, $tag, $build, $at, $at)
     ON CONFLICT (template_key, tag) DO UPDATE SET build_id = excluded.build_id, moved_at = excluded.moved_at`,
    { $key: templateKey, $tag: tag, $build: buildId, $at: at },
  );
}

export function deleteTag(db: Database, templateKey: number, tag: string): void {
  db.run("DELETE FROM tags WHERE template_key = ? AND tag = ?", [templateKey, tag]);
}

export function deleteTagsOf(db: Database, templateKey: number): void {
  db.run("DELETE FROM tags WHERE template_key = ?", [templateKey]);
}

/** Tags of a template, sorted. */
export function tagsOf(db: Database, templateKey: number): TagRow[] {
  return db.all<TagRow>(`SELECT ${TAG.select()} FROM tags WHERE template_key = ? ORDER BY tag`, [templateKey]);
}

/** Tags that point at a build now, sorted. */
export function tagsOfBuild(db: Database, buildId: string): string[] {
  return db
    .all<{ tag: string }>("SELECT tag FROM tags WHERE build_id = ? ORDER BY tag", [buildId])
    .map(({ tag }) => tag);
}

/**
 * SQL for the first of some tags, in alphabetical order, that a template has.
 *
 * @param key SQL of the template's key
 * @param tags SQL of the tags, a JSON list
 */
export function firstTag(key: string, tags: string): string {
  return `SELECT tag FROM tags WHERE template_key = ${key} AND tag IN (SELECT value FROM json_each(${tags})) ORDER BY tag LIMIT 1`;
}

/** The first of these tags, in alphabetical order, that the template has. */
export function firstTagOf(db: Database, templateKey: number, tags: readonly string[]): string | undefined {
  return db.get<{ tag: string }>(firstTag("?", "?"), [templateKey, JSON.stringify(tags)])?.tag;
}
