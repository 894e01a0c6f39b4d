import { now } from "../clock.ts";
import { deleteAlias, insertAlias } from "../store/aliases.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { updateTemplate } from "../store/templates.ts";
import { consumeClaim } from "./claims.ts";
import { canonicalRefOf, getLogicalTemplate } from "./logical-template.ts";
import { nameHolder, refuseBuiltin, refuseTaken } from "./names.ts";

/**
 * Gives a template another name. The old one stays behind as an alias, so every ref goes on resolving; a new name that
 * is an alias of this very template stops being one. The same name again changes nothing.
 *
 * @throws ConflictError when the new name is another template's, or its alias
 */
export function renameTemplate(db: Database, ref: string, newName: string): void {
  db.grow(() => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "renamed");
    const { templateKey, namespace, name } = template;
    if (newName === name) return;
    const holder = nameHolder(db, namespace, newName);
    if (holder !== undefined && holder.template.templateKey !== templateKey) refuseTaken(namespace, newName, holder);
    consumeClaim(db, namespace, newName, undefined);
    const at = now();
    deleteAlias(db, namespace, newName);
    updateTemplate(db, templateKey, { name: newName }, at);
    insertAlias(db, { namespace, name, templateKey, createdAt: at });
    audit(db, "renamed", canonicalRefOf(template), { to: `${namespace}/${newName}` });
  });
}
