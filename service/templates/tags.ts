import { parseTemplateRef, type TagInfo } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { InvalidRequestError, ResourceNotFoundError } from "../errors.ts";
import { pinArtifact, unpinUntagged } from "../store/artifacts.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { buildOfTag, deleteTag, putTag, tagsOf } from "../store/tags.ts";
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
    const from = buildOfTag(db, template.templateKey, tag);
    if (from === buildId) continue;
    putTag(db, template.templateKey, tag, buildId, at);
    // Unpinned from now on, unless something else still needs it: the retention sweep finds out.
    if (from !== undefined) unpinUntagged(db, from, at);
    audit(db, "tag_moved", canonicalRefOf(template), { tag, from: from ?? null, to: buildId }, template.templateKey);
  }
  pinArtifact(db, buildId);
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
  return tagsOf(db, template.templateKey).map(({ tag, buildId, createdAt }) => ({
    tag,
    build_id: buildId,
    created_at: createdAt,
  }));
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
    const buildId = buildOfTag(db, template.templateKey, tag);
    if (buildId === undefined) {
      throw new ResourceNotFoundError(
        "template_tag_not_found",
        `Template ${canonicalRefOf(template)} has no tag "${tag}".`,
      );
    }
    refuseFollowedTags(db, tagFollowers, template, [tag]);
    deleteTag(db, template.templateKey, tag);
    unpinUntagged(db, buildId, now());
    audit(db, "tag_removed", canonicalRefOf(template), { tag, from: buildId }, template.templateKey);
  });
}
