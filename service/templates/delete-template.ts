import { parseTemplateRef } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { ConflictError } from "../errors.ts";
import { deleteAliasesOf } from "../store/aliases.ts";
import { availableArtifactsOf, purgeArtifactsOf, updateArtifact } from "../store/artifacts.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { findArtifactUses, type ArtifactUseQuery } from "../store/artifact-use.ts";
import { deleteTagsOf, tagsOf, tagsOfBuild } from "../store/tags.ts";
import { markTemplateDeleted } from "../store/templates.ts";
import type { TagFollowerQuery } from "../store/tag-follower.ts";
import { canonicalRefOf, getLogicalTemplate, type LogicalTemplate } from "./logical-template.ts";
import { refuseBuiltin } from "./names.ts";
import { refuseFollowedTags } from "./refuse-followed.ts";
import { resolveTemplate } from "./resolve.ts";
import { removeTag } from "./tags.ts";

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
      updateArtifact(db, templateId, { state: "purged" });
      audit(db, "artifact_deleted", canonicalRefOf(template), { templateId, buildId });
      return { kind: "artifact", template };
    }
    const key = template.templateKey;
    const artifacts = availableArtifactsOf(db, key);
    refuseUsed(
      db,
      artifactUses,
      artifacts.map(({ templateId }) => templateId),
      ref,
    );
    const tags = tagsOf(db, key).map(({ tag }) => tag);
    refuseFollowedTags(db, tagFollowers, template, tags);
    deleteTagsOf(db, key);
    deleteAliasesOf(db, key);
    purgeArtifactsOf(db, key);
    markTemplateDeleted(db, key, now());
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
