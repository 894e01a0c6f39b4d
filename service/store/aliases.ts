import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A former name of a template. */
export interface AliasRow {
  namespace: string;
  name: string;
  templateKey: number;
  createdAt: string;
}

const ALIAS = columns<AliasRow>({ namespace: true, name: true, templateKey: true, createdAt: true });

export function insertAlias(db: Database, alias: AliasRow): void {
  db.run(`INSERT INTO aliases ${ALIAS.values()}`, ALIAS.binds(alias));
}

/** The template that a name is an alias of. */
export function aliasOwner(db: Database, namespace: string, name: string): number | undefined {
  return db.get<{ templateKey: number }>(
    "SELECT template_key AS templateKey FROM aliases WHERE namespace = ? AND name = ?",
    [namespace, name],
  )?.templateKey;
}

/** Aliases of a template, sorted by `namespace/name`. */
export function aliasesOf(db: Database, templateKey: number): AliasRow[] {
  return db.all<AliasRow>(
    `SELECT ${ALIAS.select()} FROM aliases WHERE template_key = ?
     ORDER BY namespace || '/' || name`,
    [templateKey],
  );
}

/** @param templateKey only while it is an alias of this template. @returns whether there was one */
export function deleteAlias(db: Database, namespace: string, name: string, templateKey?: number): boolean {
  return (
    db.run(
      `DELETE FROM aliases
       WHERE namespace = $namespace AND name = $name AND ($key IS NULL OR template_key = $key)`,
      { $namespace: namespace, $name: name, $key: templateKey ?? null },
    ) > 0
  );
}

export function deleteAliasesOf(db: Database, templateKey: number): void {
  db.run("DELETE FROM aliases WHERE template_key = ?", [templateKey]);
}
