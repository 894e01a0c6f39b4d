import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A row of the table `templates` that is not deleted, as far as anyone asks. */
export interface TemplateRow {
  templateKey: number;
  namespace: string;
  name: string;
  visibility: "private" | "public";
  builtin: 0 | 1;
}

const TEMPLATE = columns<TemplateRow>({
  templateKey: true,
  namespace: true,
  name: true,
  visibility: true,
  builtin: true,
});
const SELECT = `SELECT ${TEMPLATE.select()} FROM templates`;

/** Records a new template. */
export function insertTemplate(db: Database, template: Omit<TemplateRow, "templateKey">, at: string): void {
  db.run(
    `INSERT INTO templates (namespace, name, visibility, builtin, created_at, updated_at)
     VALUES ($namespace, $name, $visibility, $builtin, $at, $at)`,
    { ...TEMPLATE.binds(template), $at: at },
  );
}

/** The live template of a name, aliases aside. */
export function templateOfName(db: Database, namespace: string, name: string): TemplateRow | undefined {
  return db.get<TemplateRow>(`${SELECT} WHERE namespace = ? AND name = ? AND deleted_at IS NULL`, [namespace, name]);
}

/** The live template that has a name as an alias. */
export function templateOfAlias(db: Database, namespace: string, name: string): TemplateRow | undefined {
  return db.get<TemplateRow>(
    `${SELECT} WHERE deleted_at IS NULL AND template_key =
       (SELECT template_key FROM aliases WHERE namespace = ? AND name = ?)`,
    [namespace, name],
  );
}

/** The live template that an artifact is of. */
export function templateOfArtifact(db: Database, templateId: string): TemplateRow | undefined {
  return db.get<TemplateRow>(
    `${SELECT} WHERE deleted_at IS NULL AND template_key = (SELECT template_key FROM builds WHERE template_id = ?)`,
    [templateId],
  );
}

/** The template of a key, deleted or not. */
export function templateOfKey(db: Database, templateKey: number): TemplateRow | undefined {
  return db.get<TemplateRow>(`${SELECT} WHERE template_key = ?`, [templateKey]);
}

/** Live templates: builtins first, then by `namespace/name`. */
export function liveTemplates(db: Database): TemplateRow[] {
  return db.all<TemplateRow>(`${SELECT} WHERE deleted_at IS NULL ORDER BY builtin DESC, namespace || '/' || name`);
}

/** Changes the name or the visibility of a template. */
export function updateTemplate(
  db: Database,
  templateKey: number,
  change: Partial<Pick<TemplateRow, "name" | "visibility">>,
  at: string,
): void {
  db.run(`UPDATE templates SET ${TEMPLATE.assignments(change)}, updated_at = $at WHERE template_key = $templateKey`, {
    ...TEMPLATE.binds(change),
    $at: at,
    $templateKey: templateKey,
  });
}

/** Marks a template as deleted; the records of its builds stay. */
export function markTemplateDeleted(db: Database, templateKey: number, at: string): void {
  db.run("UPDATE templates SET deleted_at = ? WHERE template_key = ?", [at, templateKey]);
}
