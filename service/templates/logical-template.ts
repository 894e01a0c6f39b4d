import { parseTemplateRef, type TemplateRef } from "pulumi-nullspace/wire";
import { TemplateNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import {
  templateOfAlias,
  templateOfArtifact,
  templateOfKey,
  templateOfName,
  type TemplateRow,
} from "../store/templates.ts";

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
  return read(templateOfName(db, namespace, name) ?? templateOfAlias(db, namespace, name));
}

/** The template of a key, deleted or not. */
export function getByKey(db: Database, templateKey: number): LogicalTemplate {
  const template = read(templateOfKey(db, templateKey));
  if (template === undefined) throw new Error(`template row ${templateKey} is missing`);
  return template;
}

/** The logical template that a ref is about, whatever it is qualified with; `undefined` when there is none. */
export function findLogicalTemplate(db: Database, ref: TemplateRef): LogicalTemplate | undefined {
  if (ref.kind === "name") return findByName(db, ref.namespace, ref.name);
  return read(templateOfArtifact(db, ref.templateId));
}

/** {@link findLogicalTemplate} for a ref in text. @throws TemplateNotFoundError when there is none */
export function getLogicalTemplate(db: Database, ref: string): LogicalTemplate {
  const template = findLogicalTemplate(db, parseTemplateRef(ref));
  if (template === undefined) throw new TemplateNotFoundError(ref);
  return template;
}

function read(row: TemplateRow | undefined): LogicalTemplate | undefined {
  return row && { ...row, builtin: row.builtin === 1 };
}
