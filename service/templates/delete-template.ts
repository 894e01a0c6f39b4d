import { parseTemplateRef } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { ConflictError } from "../errors.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { findArtifactUses, type ArtifactUseQuery } from "../store/artifact-use.ts";
import type { TagFollowerQuery } from "../store/tag-follower.ts";
import { canonicalRefOf, getLogicalTemplate, type LogicalTemplate } from "./logical-template.ts";
import { refuseBuiltin } from "./names.ts";
import { refuseFollowedTags } from "./refuse-followed.ts";
import { resolveTemplate } from "./resolve.ts";
import { removeTag } from "./tags.ts";
import { tagsOfBuild } from "./template-view.ts";

/** What deleting needs. */
export interface TemplateDeleter {
  db: Database;
  artifactUses: readonly ArtifactUseQuery[];
  tagFollowers: TagFollowerQuery;
}

/** What was deleted. */
export type Deletion =
  | { kind: "template"; template: LogicalTemplate }
  | { kind: "tag"; template: LogicalTemplate }
  | { kind: "artifact"; template: LogicalTemplate };

/**
 * Deletes what a ref is about: a bare ref the whole template with its tags, aliases and artifacts; a tagged one that
 * tag; an exact one (`:tb_…`, `tmpl_…`) that artifact with the tags on it. Records of builds stay. Images go when
 * nothing runs on them any more.
 *
 * @throws ConflictError while a warm pool uses what would go, or follows a tag that would
 */
export function deleteRef({ db, artifactUses, tagFollowers }: TemplateDeleter, ref: string): Deletion {
  const parsed = parseTemplateRef(ref);
  return db.transaction((): Deletion => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "deleted");
    if (parsed.kind === "name" && parsed.tag !== undefined) {
      removeTag(db, tagFollowers, ref, parsed.tag);
      return { kind: "tag", template };
    }
    if (parsed.kind === "artifact" || parsed.buildId !== undefined) {
      const { templateId, buildId } = resolveTemplate(db, ref);
      refuseUsed(db, artifactUses, [templateId], ref);
      for (const tag of tagsOfBuild(db, buildId)) removeTag(db, tagFollowers, canonicalRefOf(template), tag);
      purge(db, "template_id = ?", templateId);
      audit(db, "artifact_deleted", canonicalRefOf(template), { templateId, buildId });
      return { kind: "artifact", template };
    }
    const key = template.templateKey;
    const artifacts = db.all<{ template_id: string }>(
      "SELECT a.template_id FROM artifacts a JOIN builds USING (build_id) WHERE template_key = ? AND state = 'available'",
      [key],
    );
    refuseUsed(
      db,
      artifactUses,
      artifacts.map(({ template_id }) => template_id),
      ref,
    );
    const tags = db.all<{ tag: string }>("SELECT tag FROM tags WHERE template_key = ?", [key]).map(({ tag }) => tag);
    refuseFollowedTags(db, tagFollowers, template, tags);
    db.run("DELETE FROM tags WHERE template_key = ?", [key]);
    db.run("DELETE FROM aliases WHERE template_key = ?", [key]);
    purge(db, "build_id IN (SELECT build_id FROM builds WHERE template_key = ?)", key);
    db.run("UPDATE templates SET deleted_at = ? WHERE template_key = ?", [now(), key]);
    audit(db, "template_deleted", canonicalRefOf(template), { artifacts: artifacts.length });
    return { kind: "template", template };
  });
}

function refuseUsed(
  db: Database,
  queries: readonly ArtifactUseQuery[],
  templateIds: readonly string[],
  ref: string,
): void {
  const blocking = findArtifactUses(db, queries, templateIds).filter(({ blocksDelete }) => blocksDelete);
  if (blocking.length === 0) return;
  throw new ConflictError(`"${ref}" is in use by ${blocking.map(({ label }) => label).join(", ")}.`, {
    suggestedAction: "Delete or re-point what uses it first.",
    details: { used_by: blocking.map(({ kind, id }) => ({ kind, id })) },
  });
}

function purge(
  db: Database,
  where: "template_id = ?" | "build_id IN (SELECT build_id FROM builds WHERE template_key = ?)",
  value: string | number,
): void {
  db.run(`UPDATE artifacts SET state = 'purged' WHERE ${where}`, [value]);
}
