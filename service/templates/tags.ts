import { parseTemplateRef, type TagInfo } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { InvalidRequestError, ResourceNotFoundError } from "../errors.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import type { TagFollowerQuery } from "../store/tag-follower.ts";
import { canonicalRefOf, getLogicalTemplate, type LogicalTemplate } from "./logical-template.ts";
import { refuseBuiltin } from "./names.ts";
import { refuseFollowedTags } from "./refuse-followed.ts";
import { resolveTemplate } from "./resolve.ts";

/**
 * Points tags at a build, all in one step: a reader sees the old build or the new one, never none. Call it in the
 * transaction that made the build ready or checked that it is.
 */
export function moveTags(db: Database, template: LogicalTemplate, tags: readonly string[], buildId: string): void {
  const at = now();
  for (const tag of new Set(tags)) {
    const from = db.get<{ build_id: string }>("SELECT build_id FROM tags WHERE template_key = ? AND tag = ?", [
      template.templateKey,
      tag,
    ])?.build_id;
    if (from === buildId) continue;
    db.run(
      `INSERT INTO tags (template_key, tag, build_id, created_at, moved_at) VALUES ($key, $tag, $build, $at, $at)
       ON CONFLICT (template_key, tag) DO UPDATE SET build_id = excluded.build_id, moved_at = excluded.moved_at`,
      { $key: template.templateKey, $tag: tag, $build: buildId, $at: at },
    );
    // Unpinned from now on, unless something else still needs it: the retention sweep finds out.
    if (from !== undefined) startRetention(db, from, at);
    audit(db, "tag_moved", canonicalRefOf(template), { tag, from: from ?? null, to: buildId }, template.templateKey);
  }
  db.run("UPDATE artifacts SET unpinned_at = NULL WHERE build_id = ?", [buildId]);
}

/** Points tags at the artifact of `ref`. */
export function assignTags(db: Database, ref: string, tags: readonly string[]): void {
  db.grow(() => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "tagged");
    moveTags(db, template, tags, resolveTemplate(db, ref).buildId);
  });
}

/** The tags of the template that `ref` is about, sorted. */
export function listTags(db: Database, ref: string): TagInfo[] {
  const template = getLogicalTemplate(db, ref);
  refuseBuiltin(template, "asked for its tags");
  return db.all<{ tag: string; build_id: string; created_at: string }>(
    "SELECT tag, build_id, created_at FROM tags WHERE template_key = ? ORDER BY tag",
    [template.templateKey],
  );
}

/**
 * Takes a tag away; the build and its artifact stay.
 *
 * @throws ResourceNotFoundError `template_tag_not_found`; ConflictError while a warm pool follows the tag
 */
export function removeTag(db: Database, tagFollowers: TagFollowerQuery, ref: string, tag: string): void {
  const parsed = parseTemplateRef(ref);
  if (parsed.kind === "name" && parsed.tag !== undefined && parsed.tag !== tag) {
    throw new InvalidRequestError(`"${ref}" names the tag ${parsed.tag}, and the call is about the tag ${tag}.`);
  }
  db.transaction(() => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "changed");
    const binds = { $key: template.templateKey, $tag: tag };
    const buildId = db.get<{ build_id: string }>(
      "SELECT build_id FROM tags WHERE template_key = $key AND tag = $tag",
      binds,
    )?.build_id;
    if (buildId === undefined) {
      throw new ResourceNotFoundError(
        "template_tag_not_found",
        `Template ${canonicalRefOf(template)} has no tag "${tag}".`,
      );
    }
    refuseFollowedTags(db, tagFollowers, template, [tag]);
    db.run("DELETE FROM tags WHERE template_key = $key AND tag = $tag", binds);
    startRetention(db, buildId, now());
    audit(db, "tag_removed", canonicalRefOf(template), { tag, from: buildId }, template.templateKey);
  });
}

function startRetention(db: Database, buildId: string, at: string): void {
  db.run(
    `UPDATE artifacts SET unpinned_at = $at
     WHERE build_id = $build AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.build_id = $build)`,
    { $at: at, $build: buildId },
  );
}
