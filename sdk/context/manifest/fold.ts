import type { EntryTable } from "../table/entry-table.ts";
import { DIRECTORY } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";

const SLASH = 0x2f;

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
 * level after level, small directories before large ones; a directory that no longer fits is one line.
 *
 * Only names decide, so a changed content never folds anything. The order hardly ever changes, so one file more or less
 * only moves what stands at the edge of the cap.
 *
 * @param cap lines that the manifest may have
 */
export function foldDirectories(table: EntryTable, cap: number): Map<string, DirectoryFold> {
  const directories = countChildren(table);
  const inOrder = [...directories].sort(
    ([a, x], [b, y]) => x.depth - y.depth || sizeClass(x) - sizeClass(y) || (a < b ? -1 : 1),
  );
  let lines = 1;
  for (const [prefix, directory] of inOrder) {
    const { children } = directory;
    const isListed = prefix === "" || directories.get(parentPrefix(prefix))!.isExpanded;
    if (children === 0 || !isListed || lines - 1 + children > cap) continue;
    lines += children - 1;
    directory.isExpanded = true;
  }
  return directories;
}

/** Powers of two: one entry more or less seldom moves a directory in the order. */
function sizeClass({ children }: DirectoryFold): number {
  return 32 - Math.clz32(children);
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
  // Files of one directory mostly stand together: no string is made for those that follow the first.
  let last: { readonly index: number; readonly prefixLength: number; readonly directory: DirectoryFold } | undefined;
  for (let index = 0; index < table.length; index++) {
    if (table.kinds[index] === DIRECTORY) {
      open(`${latin1At(table.paths, index)}/`);
      continue;
    }
    const prefixLength = parentLength(table, index);
    if (last?.prefixLength !== prefixLength || !haveSamePrefix(table, last.index, index, prefixLength)) {
      const prefix = latin1At(table.paths, index).slice(0, prefixLength);
      last = { index, prefixLength, directory: open(prefix) };
    }
    last.directory.children++;
  }
  return directories;
}

/** The length of the path of the directory that an entry lies in, with its slash at the end. */
function parentLength({ paths: { bytes, offsets } }: EntryTable, index: number): number {
  const start = offsets[index]!;
  let end = offsets[index + 1]!;
  while (end > start && bytes[end - 1] !== SLASH) end--;
  return end - start;
}

/** Whether the paths of two entries begin with the same `length` bytes. */
export function haveSamePrefix(
  { paths: { bytes, offsets } }: EntryTable,
  a: number,
  b: number,
  length: number,
): boolean {
  const [startOfA, startOfB] = [offsets[a]!, offsets[b]!];
  if (offsets[a + 1]! - startOfA < length || offsets[b + 1]! - startOfB < length) return false;
  for (let i = 0; i < length; i++) if (bytes[startOfA + i] !== bytes[startOfB + i]) return false;
  return true;
}
