import type { Visibility } from "pulumi-nullspace/wire";
import { now } from "../clock.ts";
import { audit } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { updateTemplate } from "../store/templates.ts";
import { canonicalRefOf, getLogicalTemplate } from "./logical-template.ts";
import { refuseBuiltin } from "./names.ts";

/** Says who may see a template. A local service has one user, so it only keeps and answers the setting. */
export function setVisibility(db: Database, ref: string, visibility: Visibility): void {
  db.grow(() => {
    const template = getLogicalTemplate(db, ref);
    refuseBuiltin(template, "changed");
    if (template.visibility === visibility) return;
    updateTemplate(db, template.templateKey, { visibility }, now());
    audit(db, "visibility_changed", canonicalRefOf(template), { from: template.visibility, to: visibility });
  });
}
