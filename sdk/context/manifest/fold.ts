import type { EntryTable } from "../table/entry-table.ts";
import { DIRECTORY } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";

/** A directory with more entries than this share of the cap is always one line: it would push out everything else. */
const MAX_SHARE = 4;

/** A directory of the context, by its path with a slash at the end (Latin-1); the root's is empty. */
export interface DirectoryFold {
  readonly depth: number;
  /** Entries directly in it, directories included; 0 when it is empty. */
  children: number;
  /** Whether its entries are listed one by one; otherwise the directory is one line. */
  isExpanded: boolean;
}

/**
 * Decides which directories the manifest lists entry by entry; all others are one line each. The root comes first, then
 * level after level in the order of the paths, as long as the cap holds.
 *
 * Only names decide, so a changed content never folds anything. The order is fixed and expansion stops at the first
 * directory that does not fit, so one file more or less moves at most the last directory that fitted.
 *
 * @param cap lines that the manifest may have
 */
export function foldDirectories(table: EntryTable, cap: number): Map<string, DirectoryFold> {
  const directories = countChildren(table);
  const inOrder = [...directories].sort(([a, { depth: x }], [b, { depth: y }]) => x - y || (a < b ? -1 : 1));
  let lines = 1;
  for (const [prefix, directory] of inOrder) {
    const { children } = directory;
    if (children === 0) continue;
    if (prefix !== "" && (!directories.get(parentPrefix(prefix))!.isExpanded || children * MAX_SHARE > cap)) continue;
    if (lines - 1 + children > cap) break;
    lines += children - 1;
    directory.isExpanded = true;
  }
  return directories;
}

/** `a/b/` -> `a/`; `a/` -> the root. */
function parentPrefix(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/", prefix.length - 2) + 1);
}

function countChildren(table: EntryTable): Map<string, DirectoryFold> {
  const directories = new Map<string, DirectoryFold>([["", { depth: 0, children: 0, isExpanded: false }]]);
  // A directory counts once in the one above it, whether it is an entry itself or only the place of one.
  const open = (prefix: string): DirectoryFold => {
    const known = directories.get(prefix);
    if (known) return known;
    const above = open(parentPrefix(prefix));
    above.children++;
    const directory = { depth: above.depth + 1, children: 0, isExpanded: false };
    directories.set(prefix, directory);
    return directory;
  };
  for (let index = 0; index < table.length; index++) {
    const path = latin1At(table.paths, index);
    if (table.kinds[index] === DIRECTORY) open(`${path}/`);
    else open(path.slice(0, path.lastIndexOf("/") + 1)).children++;
  }
  return directories;
}
