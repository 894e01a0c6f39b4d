import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A namespace; migrations make those that there are. */
export interface NamespaceRow {
  slug: string;
  kind: string;
  isDefault: 0 | 1;
}

const NAMESPACE = columns<NamespaceRow>({ slug: true, kind: true, isDefault: true });

export function findNamespace(db: Database, slug: string): NamespaceRow | undefined {
  return db.get<NamespaceRow>(`SELECT ${NAMESPACE.select()} FROM namespaces WHERE slug = ?`, [slug]);
}
