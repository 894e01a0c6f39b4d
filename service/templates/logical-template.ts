import { parseTemplateRef, type TemplateRef } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";

/** Namespace of the templates that come with the service. */
export const SYSTEM_NAMESPACE = "nullspace";

/** Namespace of the one user of a local service. */
export const DEFAULT_NAMESPACE = "local";

/** A name with its visibility and history; its builds and tags hang on `templateKey`. */
export interface LogicalTemplate {
  templateKey: number;
  namespace: string;
  name: string;
  visibility: "private" | "public";
  builtin: boolean;
}

const COLUMNS = "template_key AS templateKey, namespace, name, visibility, builtin";

type Columns = Omit<LogicalTemplate, "builtin"> & { builtin: number };

/** `namespace/name` as the template is called today. */
export function canonicalRefOf(template: Pick<LogicalTemplate, "namespace" | "name">): string {
  return `${template.namespace}/${template.name}`;
}

/**
 * The template of that name, also by an alias of it.
 *
 * @param namespace absent: a builtin of that name, else one of the default namespace
 */
export function findByName(db: Database, namespace: string | undefined, name: string): LogicalTemplate | undefined {
  if (namespace === undefined) {
    return findByName(db, SYSTEM_NAMESPACE, name) ?? findByName(db, DEFAULT_NAMESPACE, name);
  }
  return (
    read(
      db.get<Columns>(
        `SELECT ${COLUMNS} FROM templates WHERE namespace = $namespace AND name = $name AND deleted_at IS NULL`,
        {
          $namespace: namespace,
          $name: name,
        },
      ),
    ) ??
    read(
      db.get<Columns>(
        `SELECT ${COLUMNS} FROM templates WHERE deleted_at IS NULL AND template_key =
           (SELECT template_key FROM aliases WHERE namespace = $namespace AND name = $name)`,
        { $namespace: namespace, $name: name },
      ),
    )
  );
}

/** The template of a key, deleted or not. */
export function getByKey(db: Database, templateKey: number): LogicalTemplate {
  const template = read(db.get<Columns>(`SELECT ${COLUMNS} FROM templates WHERE template_key = ?`, [templateKey]));
  if (template === undefined) throw new Error(`template row ${templateKey} is missing`);
  return template;
}

/** The logical template that a ref is about, whatever it is qualified with; `undefined` when there is none. */
export function findLogicalTemplate(db: Database, ref: TemplateRef): LogicalTemplate | undefined {
  if (ref.kind === "name") return findByName(db, ref.namespace, ref.name);
  return read(
    db.get<Columns>(
      `SELECT ${COLUMNS} FROM templates WHERE deleted_at IS NULL AND template_key =
         (SELECT template_key FROM builds WHERE template_id = ?)`,
      [ref.templateId],
    ),
  );
}

/** {@link findLogicalTemplate} for a ref in text. @throws TemplateNotFoundError when there is none */
export function getLogicalTemplate(db: Database, ref: string): LogicalTemplate {
  const template = findLogicalTemplate(db, parseTemplateRef(ref));
  if (template === undefined) throw new TemplateNotFoundError(ref);
  return template;
}

function read(row: Columns | undefined): LogicalTemplate | undefined {
  return row && { ...row, builtin: row.builtin === 1 };
}
