import type { FoundDockerfile } from "./dockerfile.ts";
import { createIgnoreMatcher } from "./ignore/create-matcher.ts";
import type { IgnoreSyntax } from "./ignore/rule.ts";
import { ruleFor } from "./ignore/matcher.ts";
import { type EntryTable, findEntry } from "./table/entry-table.ts";
import { textAt } from "./table/text-column.ts";

/**
 * The entries that are there for the builder alone, and that no `COPY` sees: the Dockerfile and the ignore file where the
 * ignore file excludes them, and folders that hold nothing else. They belong to the hash, and an archive carries them, from
 * which the builder takes them away again; every other way of sending a context leaves them out.
 *
 * @returns their indices in the table
 */
export function hiddenEntries(table: EntryTable, found: FoundDockerfile, syntax: IgnoreSyntax): ReadonlySet<number> {
  const { ignoreFile, contextPath } = found;
  const hidden = new Set<number>();
  if (ignoreFile === undefined) return hidden;
  const matcher = createIgnoreMatcher({ syntax, file: { name: ignoreFile.name, text: ignoreFile.text } });
  for (const path of [ignoreFile.contextPath, contextPath]) {
    const index = path === undefined ? -1 : findEntry(table, path);
    if (path === undefined || index < 0 || !ruleFor(matcher, path)) continue;
    hidden.add(index);
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const folder = path.slice(0, at);
      if (!ruleFor(matcher, folder, true) || !isEmptied(table, folder, hidden)) break;
      hidden.add(findEntry(table, folder));
    }
  }
  return hidden;
}

function isEmptied(table: EntryTable, folder: string, hidden: ReadonlySet<number>): boolean {
  for (let index = 0; index < table.length; index++) {
    if (!hidden.has(index) && textAt(table.paths, index).startsWith(`${folder}/`)) return false;
  }
  return true;
}
