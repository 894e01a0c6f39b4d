import type { AliasInfo } from "pulumi-nullspace/wire";
import { ResourceNotFoundError } from "../errors.ts";
import { aliasesOf, deleteAlias } from "../store/aliases.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { canonicalRefOf, getLogicalTemplate } from "./logical-template.ts";
import type { TagFollowerQuery } from "../store/tag-follower.ts";
import { refuseBuiltin } from "./names.ts";
import { refuseFollowedAlias } from "./refuse-followed.ts";

/** Former names that still lead to the template, sorted. */
export function listAliases(db: Database, ref: string): AliasInfo[] {
  return aliasesOf(db, getLogicalTemplate(db, ref).templateKey).map(({ namespace, name, createdAt }) => ({
    alias_ref: `${namespace}/${name}`,
    created_at: createdAt,
  }));
}

/**
 * Takes a former name away; it is free for others from then on.
 *
 * @param alias `namespace/old-name`, or the old name alone
 * @throws ResourceNotFoundError `template_alias_not_found` when it is not an alias of this template; ConflictError while a
 *   warm pool follows a tag under this name
 */
export function removeAlias(db: Database, tagFollowers: TagFollowerQuery, ref: string, alias: string): void {
  db.transaction(() => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "changed");
    const slash = alias.indexOf("/");
    const namespace = slash < 0 ? template.namespace : alias.slice(0, slash);
    const name = alias.slice(slash + 1);
    if (!deleteAlias(db, namespace, name, template.templateKey)) {
      throw new ResourceNotFoundError(
        "template_alias_not_found",
        `"${alias}" is not an alias of ${canonicalRefOf(template)}.`,
      );
    }
    // Thrown in the transaction: the alias stays.
    refuseFollowedAlias(db, tagFollowers, { namespace, name });
    audit(db, "alias_removed", canonicalRefOf(template), { alias });
  });
}
