import { type BigIntStats, type Dirent, fstatSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { displayName, systemPath } from "./latin1.ts";
import { type EntryAccess, lookInto } from "./open-entry.ts";
import type { SourceNode } from "./source-tree.ts";
import { fromSystemError } from "./walk-errors.ts";

/** An entry of a directory, as it was listed or looked at. The name is Latin-1. */
export type Named = (Dirent<string> | Stats) & { readonly name: string };

/** What a directory holds, or what is wanted of that. */
export interface Listing {
  readonly entries: readonly Named[];
  /** Device and inode of the directory, when links are followed. */
  readonly identity?: string;
}

/**
 * Lists a directory. Where it is only on the way to sources it is not listed: the next names are looked at.
 *
 * @param path Latin-1; empty for the root
 * @throws ContextError `unreadable`, or `file_changed` when it is not there any more, or not inside
 */
export function listDirectory(access: EntryAccess, path: string, sources: SourceNode | undefined): Listing {
  try {
    return lookInto(access, path, (directory, fd) => ({
      entries:
        sources === undefined || sources.isWhole
          ? readdirSync(systemPath(directory), { withFileTypes: true, encoding: "latin1" })
          : [...sources.children.keys()].flatMap((name) => lookAt(directory, path, name)),
      ...(fd === undefined ? {} : { identity: identityOf(fstatSync(fd, { bigint: true })) }),
    }));
  } catch (error) {
    throw fromSystemError(error, path === "" ? "The context" : displayName(path));
  }
}

/** What one name of a directory is; nothing for a name that is not there. */
function lookAt(directory: string, path: string, name: string): Named[] {
  try {
    const stats = lstatSync(systemPath(`${directory}/${name}`), { throwIfNoEntry: false });
    return stats ? [Object.assign(stats, { name })] : [];
  } catch (error) {
    throw fromSystemError(error, displayName(path === "" ? name : `${path}/${name}`));
  }
}

function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}
