import type { Database } from "./database.ts";

/** A namespace; migrations make those that there are. */
export interface NamespaceRow {
  slug: string;
  kind: string;
  isDefault: 0 | 1;
}

export function findNamespace(db: Database, slug: string): NamespaceRow | undefined {
  return db.get<NamespaceRow>("SELECT slug, kind, is_default AS isDefault FROM namespaces WHERE slug = ?", [slug]);
}
