import { type Dirent, lstatSync, readlinkSync, type Stats } from "node:fs";
import type { ContextEntryType, UnsupportedEntry, UnsupportedKind } from "../entry.ts";
import { createIgnoreMatcher } from "../ignore/create-matcher.ts";
import { type IgnoreCursor, type IgnoreMatcher, INCLUDED } from "../ignore/matcher.ts";
import { type DirectoryTable, DirectoryTableBuilder } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { EntryTableBuilder } from "../table/entry-table-builder.ts";
import { DIRECTORY, FILE, PENDING_DIRECTORY, SYMLINK } from "../table/kind.ts";
import type { BoundHere } from "./bound-here.ts";
import { checkSources } from "./check-sources.ts";
import { EntryCount } from "./entry-count.ts";
import { settlesInMs } from "./file-identity.ts";
import type { PartsAhead } from "./digest-ahead.ts";
import type { ReadJob } from "./job.ts";
import { decodeName, displayName, matchText, systemPath, toLatin1 } from "./latin1.ts";
import { listDirectory, type Named } from "./list-directory.ts";
import { type FailedLink, linkFailure, linkLoop } from "./link-failure.ts";
import { type EntryAccess, isInside, realPathOf } from "./open-entry.ts";
import { provesByDirectories } from "./proves-by-directories.ts";
import { sourceLinked } from "./source-errors.ts";
import { type SourceNode, sourceTree } from "./source-tree.ts";
import { pathBelow } from "./tree-root.ts";
import { fromSystemError, linkRefused, nameNotUtf8, nameReserved, notSendable } from "./walk-errors.ts";

/** An entry that a rule excludes; `rule` is an index into the matcher's rules. */
export interface WalkedIgnored {
  readonly path: string;
  readonly type: ContextEntryType | "other";
  readonly rule: number;
}

/** What the walk found, sorted by the bytes of the paths. Files are not opened yet: the table knows their paths alone. */
export interface WalkedTree {
  readonly table: EntryTable;
  /** The directories that were listed; absent where it proves nothing that they look the same. */
  readonly directories?: DirectoryTable;
  readonly ignored: WalkedIgnored[];
  readonly unsupported: UnsupportedEntry[];
  /** Links that are left out. */
  readonly skippedLinks: string[];
}

/** One name of a directory that takes part in the walk. */
interface Child {
  /** What it sorts by. A directory comes twice: as itself, and as the place where its content goes (`name/`). */
  readonly key: string;
  readonly name: string;
  readonly kind: number;
  /** A link was followed to it. */
  readonly isLinked?: boolean;
}

/** A directory on the way down. */
interface Place {
  /** Its path with a slash at the end; empty for the root. Latin-1. */
  readonly prefix: string;
  readonly cursor: IgnoreCursor;
  /** Slots of the excluded directories above, which become entries when something below them is sent (Git's rules). */
  readonly pending: readonly number[];
  /** Device and inode of the directories above this one, kept when links are followed. */
  readonly identities: readonly string[];
  /** What is wanted of it; `undefined` for all. */
  readonly sources: SourceNode | undefined;
}

/**
 * Walks the tree under the job's root, rules applied. Synchronous: it runs in a thread of its own. Names are visited in
 * the order that makes the paths come out sorted by their bytes. With sources, only directories that are one, or lie below
 * one, are listed: in those on the way to one nothing but the next name is looked at.
 *
 * @param ahead is told of each entry; not where a rule of Git's may take one back
 * @param bound for a walk in the thread of the caller
 */
export function walkTree(job: ReadJob, ahead?: PartsAhead, bound?: BoundHere): WalkedTree {
  const walk = new Walk(job, ahead, bound);
  walk.enter({ prefix: "", cursor: walk.matcher.root(), pending: [], identities: [], sources: wantedSources(job) });
  return walk.finish();
}

function wantedSources({ sources, dockerfile, ignore }: ReadJob): SourceNode | undefined {
  if (sources === undefined) return undefined;
  // Builders read the two; without a Dockerfile there is none, and the ignore file is a file like any other.
  return sourceTree(sources, dockerfile === undefined ? [] : (ignore.alwaysSent ?? []).map(toLatin1));
}

class Walk {
  readonly matcher: IgnoreMatcher;
  readonly #job: ReadJob;
  readonly #ahead: PartsAhead | undefined;
  readonly #bound: BoundHere | undefined;
  readonly #access: EntryAccess;
  readonly #entries = new EntryTableBuilder();
  readonly #count: EntryCount;
  #directories: DirectoryTableBuilder | undefined;
  // What is left out: paths in Latin-1, in the order in which the walk came to them.
  readonly #ignored: WalkedIgnored[] = [];
  readonly #unsupported: UnsupportedEntry[] = [];
  readonly #skippedLinks: { readonly path: string }[] = [];

  constructor(job: ReadJob, ahead: PartsAhead | undefined, bound: BoundHere | undefined) {
    this.#job = job;
    this.#ahead = ahead;
    this.#bound = bound;
    this.#count = new EntryCount(job.limits, job.ignore.syntax);
    this.#directories = provesByDirectories(job) ? new DirectoryTableBuilder() : undefined;
    this.#access = { root: job.root, followLinks: job.symlinks === "copy" };
    this.matcher = createIgnoreMatcher(job.ignore);
  }

  enter(place: Place): void {
    const children: Child[] = [];
    const directory = place.prefix.slice(0, -1);
    this.#note(directory);
    const { entries, identity } = listDirectory(this.#access, directory, place.sources);
    this.#bound?.list(entries.length);
    if (identity !== undefined && place.identities.includes(identity)) throw linkLoop(this.#link(directory));
    const identities = identity === undefined ? [] : [...place.identities, identity];
    for (const entry of entries) this.#look(entry, place, children);
    // Latin-1 strings: the order of characters is the order of bytes.
    children.sort((a, b) => (a.key < b.key ? -1 : 1));
    const slots = new Map<string, number>();
    for (const { key, name, kind, isLinked } of children) {
      const path = place.prefix + name;
      if (key === name) {
        if (kind === PENDING_DIRECTORY) slots.set(name, this.#entries.length);
        if (isLinked && kind === DIRECTORY) this.#count.addLinkedDirectory(path);
        this.#add(path, kind, place.pending);
        continue;
      }
      const slot = slots.get(name);
      this.enter({
        prefix: `${path}/`,
        cursor: place.cursor.enter(matchText(name)),
        pending: slot === undefined ? place.pending : [...place.pending, slot],
        identities,
        sources: place.sources?.children.get(name),
      });
    }
  }

  finish(): WalkedTree {
    this.#count.finish();
    const table = this.#entries.build();
    const unsupported = inPathOrder(this.#unsupported);
    checkSources(this.#job, { table, unsupported, matcher: this.matcher });
    const directories = this.#directories?.build();
    return {
      table,
      ...(directories && { directories }),
      unsupported,
      ignored: inPathOrder(this.#ignored),
      skippedLinks: inPathOrder(this.#skippedLinks).map(({ path }) => path),
    };
  }

  /** Notes what a directory looks like before it is listed. */
  #note(directory: string): void {
    if (this.#directories === undefined) return;
    const now = Date.now();
    try {
      const stats = lstatSync(pathBelow(this.#job.root, directory), { bigint: true });
      this.#directories.add(directory, stats, settlesInMs(stats, now) === 0);
    } catch {
      this.#directories = undefined; // Who lists it says what is wrong with it.
    }
  }

  /** Decides about one name: excluded, or a child to add. */
  #look(entry: Named, { prefix, cursor, sources }: Place, children: Child[]): void {
    const { name } = entry;
    const path = prefix + name;
    const isLink = entry.isSymbolicLink();
    const isDirectory = entry.isDirectory();
    // Git's rules, as the Python client asks them: a link is excluded when it would be as a file or as a directory.
    const rule = cursor.excludedBy(matchText(name), isDirectory || isLink);
    if (rule !== INCLUDED) {
      const type = isLink ? "symlink" : isDirectory ? "dir" : entry.isFile() ? "file" : "other";
      this.#ignored.push({ path, type, rule });
      if (!isDirectory || !cursor.mayReincludeBelow(matchText(name))) return;
      if (this.#job.ignore.syntax === "gitignore") children.push({ key: name, name, kind: PENDING_DIRECTORY });
      children.push({ key: `${name}/`, name, kind: DIRECTORY });
      return;
    }
    if (isLink && this.#job.symlinks === "skip") {
      const source = sources?.children.get(name)?.source;
      if (source !== undefined) {
        throw sourceLinked(displayName(source), displayName(path), 'symlinks: "skip" leaves links out');
      }
      this.#skippedLinks.push({ path });
      return;
    }
    if (decodeName(name) === undefined) throw nameNotUtf8(displayName(path));
    if (path === this.#job.reservedPath) throw nameReserved(path);
    const kind = this.#kindOf(entry, path);
    if (kind === undefined) return;
    children.push({ key: name, name, kind, isLinked: isLink });
    if (kind === DIRECTORY) children.push({ key: `${name}/`, name, kind });
  }

  /** `undefined` for an entry that is only listed, not sent. */
  #kindOf(named: Named, path: string): number | undefined {
    let entry: Dirent<string> | Stats = named;
    if (named.isSymbolicLink()) {
      if (this.#job.symlinks === "error") throw linkRefused(displayName(path));
      if (this.#job.symlinks === "keep") return SYMLINK;
      entry = this.#follow(path);
    }
    if (entry.isFile()) return FILE;
    if (entry.isDirectory()) return DIRECTORY;
    const kind = unsupportedKind(entry);
    if (this.#job.unsupported === "error") throw notSendable(displayName(path), kind);
    this.#unsupported.push({ path, kind });
    return undefined;
  }

  /** What a link points at in the end, which has to lie inside. */
  #follow(path: string): Stats {
    const { root } = this.#job;
    try {
      const real = realPathOf(root, path);
      if (isInside(root, real)) return lstatSync(systemPath(real));
    } catch (error) {
      throw linkFailure(this.#link(path), error);
    }
    throw linkFailure(this.#link(path));
  }

  #link(path: string): FailedLink {
    return { root: this.#job.root, path, syntax: this.#job.ignore.syntax };
  }

  #add(path: string, kind: number, pending: readonly number[]): void {
    if (kind !== PENDING_DIRECTORY && !this.#count.add(path, kind, this.#entries)) return;
    if (kind === FILE || kind === SYMLINK) for (const slot of pending) this.#entries.setKind(slot, DIRECTORY);
    this.#entries.add(path, kind, kind === SYMLINK ? this.#readLink(path) : undefined);
    this.#ahead?.add(path, kind);
  }

  #readLink(path: string): string {
    let target: string;
    try {
      target = readlinkSync(pathBelow(this.#job.root, path), "latin1");
    } catch (error) {
      throw fromSystemError(error, displayName(path));
    }
    if (decodeName(target) === undefined) throw nameNotUtf8(`${displayName(path)} -> ${displayName(target)}`);
    return target;
  }
}

/** Sorted by the bytes of the paths, for people. The walk looks at a directory whole before it enters the ones in it. */
function inPathOrder<T extends { readonly path: string }>(found: readonly T[]): T[] {
  const sorted = found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return sorted.map((one) => ({ ...one, path: displayName(one.path) }));
}

function unsupportedKind(entry: Dirent<string> | Stats): UnsupportedKind {
  if (entry.isSocket()) return "socket";
  if (entry.isFIFO()) return "fifo";
  return entry.isBlockDevice() || entry.isCharacterDevice() ? "device" : "unknown";
}
