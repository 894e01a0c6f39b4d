import type { NamespaceInfo } from "pulumi-nullspace/wire";
import { ResourceNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { findNamespace } from "../store/namespaces.ts";

/** A namespace by its slug. @throws ResourceNotFoundError `namespace_not_found` */
export function getNamespace(db: Database, slug: string): NamespaceInfo {
  const row = findNamespace(db, slug);
  if (row === undefined) throw new ResourceNotFoundError("namespace_not_found", `There is no namespace "${slug}".`);
  return { slug: row.slug, kind: row.kind, is_default: row.isDefault === 1 };
}
