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

/** Which page of the templates. */
export interface TemplateQuery {
  /** Only those that have this in `namespace/name`, or in a former name, in whatever case. */
  search?: string | undefined;
  /** Only those behind this name. */
  after?: Pick<TemplateRow, "namespace" | "name"> | undefined;
  limit: number;
}

/** Live templates by namespace and name. */
export function templatesPage(db: Database, { search, after, limit }: TemplateQuery): TemplateRow[] {
  const conditions = [
    "deleted_at IS NULL",
    ...(after === undefined ? [] : ["(namespace, name) > ($namespace, $name)"]),
    ...(search === undefined
      ? []
      : [
          `(instr(lower(namespace || '/' || name), lower($search)) > 0 OR EXISTS (
             SELECT 1 FROM aliases a WHERE a.template_key = templates.template_key
               AND instr(lower(a.namespace || '/' || a.name), lower($search)) > 0))`,
        ]),
  ];
  return db.all<TemplateRow>(`${SELECT} WHERE ${conditions.join(" AND ")} ORDER BY namespace, name LIMIT $limit`, {
    $limit: limit,
    ...(search !== undefined && { $search: search }),
    ...(after !== undefined && { $namespace: after.namespace, $name: after.name }),
  });
}

/** How many live templates there are. */
export function countTemplates(db: Database): number {
  const { count } = db.get<{ count: number }>("SELECT count(*) AS count FROM templates WHERE deleted_at IS NULL") as {
    count: number;
  };
  return count;
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
