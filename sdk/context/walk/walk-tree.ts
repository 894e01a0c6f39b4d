import { type BigIntStats, type Dirent, fstatSync, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import type { ContextEntryType, UnsupportedEntry, UnsupportedKind } from "../entry.ts";
import { createIgnoreMatcher } from "../ignore/create-matcher.ts";
import { type IgnoreCursor, type IgnoreMatcher, INCLUDED } from "../ignore/matcher.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { EntryTableBuilder } from "../table/entry-table-builder.ts";
import { DIRECTORY, FILE, PENDING_DIRECTORY, SYMLINK } from "../table/kind.ts";
import { DirectoryWeights, overLimit } from "./directory-weights.ts";
import type { ReadJob } from "./job.ts";
import { decodeName, displayName, systemPath } from "./latin1.ts";
import { type FailedLink, linkFailure, linkLoop } from "./link-failure.ts";
import { staysInContext } from "./link-target.ts";
import { type EntryAccess, isInside, lookInto, realPathOf } from "./open-entry.ts";
import { pathBelow } from "./tree-root.ts";
import { fromSystemError, linkEscapes, linkRefused, nameNotUtf8, nameReserved, notSendable } from "./walk-errors.ts";

/** Over the limit the walk only counts, up to this many times the limit, so that the error names the right directories. */
const COUNT_AHEAD = 5;

/** An entry that a rule excludes; `rule` is an index into the matcher's rules. */
export interface WalkedIgnored {
  readonly path: string;
  readonly type: ContextEntryType | "other";
  readonly rule: number;
}

/** What the walk found, sorted by the bytes of the paths. Files are not opened yet: the table knows their paths alone. */
export interface WalkedTree {
  readonly table: EntryTable;
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
}

/**
 * Walks the tree under the job's root, rules applied. Synchronous: it runs in a thread of its own. Names are visited in
 * the order that makes the paths come out sorted by their bytes.
 */
export function walkTree(job: ReadJob): WalkedTree {
  const walk = new Walk(job);
  walk.enter({ prefix: "", cursor: walk.matcher.root(), pending: [], identities: [] });
  return walk.finish();
}

class Walk {
  readonly matcher: IgnoreMatcher;
  readonly #job: ReadJob;
  readonly #access: EntryAccess;
  readonly #entries = new EntryTableBuilder();
  // What is left out: paths in Latin-1, in the order in which the walk came to them.
  readonly #ignored: WalkedIgnored[] = [];
  readonly #unsupported: UnsupportedEntry[] = [];
  readonly #skippedLinks: { readonly path: string }[] = [];
  #files = 0;
  #directories = 0;
  #linkedDirectories = 0;
  #passed: "too_many_files" | "too_many_entries" | undefined;
  #weights: DirectoryWeights | undefined;

  constructor(job: ReadJob) {
    this.#job = job;
    this.#access = { root: job.root, followLinks: job.symlinks === "copy" };
    this.matcher = createIgnoreMatcher(job.ignore);
  }

  enter(place: Place): void {
    const children: Child[] = [];
    const { dirents, identities } = this.#list(place);
    for (const dirent of dirents) this.#look(dirent, place, children);
    // Latin-1 strings: the order of characters is the order of bytes.
    children.sort((a, b) => (a.key < b.key ? -1 : 1));
    const slots = new Map<string, number>();
    for (const { key, name, kind, isLinked } of children) {
      const path = place.prefix + name;
      if (key === name) {
        if (kind === PENDING_DIRECTORY) slots.set(name, this.#entries.length);
        if (isLinked && kind === DIRECTORY) this.#countLink(path);
        this.#add(path, kind, place.pending);
        continue;
      }
      const slot = slots.get(name);
      this.enter({
        prefix: `${path}/`,
        cursor: place.cursor.enter(matchText(name)),
        pending: slot === undefined ? place.pending : [...place.pending, slot],
        identities,
      });
    }
  }

  finish(): WalkedTree {
    if (this.#weights) this.#failOverLimit(this.#weights);
    return {
      table: this.#entries.build(),
      ignored: inPathOrder(this.#ignored),
      unsupported: inPathOrder(this.#unsupported),
      skippedLinks: inPathOrder(this.#skippedLinks).map(({ path }) => path),
    };
  }

  /** What a directory holds, and the identities to remember below it. */
  #list({ prefix, identities }: Place): { dirents: Dirent<string>[]; identities: readonly string[] } {
    const path = prefix.slice(0, -1);
    try {
      return lookInto(this.#access, path, (directory, fd) => {
        const own = fd === undefined ? [] : [identityOf(fstatSync(fd, { bigint: true }))];
        if (own.some((identity) => identities.includes(identity))) throw linkLoop(this.#link(path));
        const dirents = readdirSync(systemPath(directory), { withFileTypes: true, encoding: "latin1" });
        return { dirents, identities: [...identities, ...own] };
      });
    } catch (error) {
      throw fromSystemError(error, path === "" ? "The context" : displayName(path));
    }
  }

  /** Decides about one name: excluded, or a child to add. */
  #look(dirent: Dirent<string>, { prefix, cursor }: Place, children: Child[]): void {
    const { name } = dirent;
    const path = prefix + name;
    const isLink = dirent.isSymbolicLink();
    const isDirectory = dirent.isDirectory();
    // Git's rules, as the Python client asks them: a link is excluded when it would be as a file or as a directory.
    const rule = cursor.excludedBy(matchText(name), isDirectory || isLink);
    if (rule !== INCLUDED) {
      const type = isLink ? "symlink" : isDirectory ? "dir" : dirent.isFile() ? "file" : "other";
      this.#ignored.push({ path, type, rule });
      if (!isDirectory || !cursor.mayReincludeBelow(matchText(name))) return;
      if (this.#job.ignore.syntax === "gitignore") children.push({ key: name, name, kind: PENDING_DIRECTORY });
      children.push({ key: `${name}/`, name, kind: DIRECTORY });
      return;
    }
    if (isLink && this.#job.symlinks === "skip") {
      this.#skippedLinks.push({ path });
      return;
    }
    if (decodeName(name) === undefined) throw nameNotUtf8(displayName(path));
    if (path === this.#job.reservedPath) throw nameReserved(path);
    const kind = this.#kindOf(dirent, path);
    if (kind === undefined) return;
    children.push({ key: name, name, kind, isLinked: isLink });
    if (kind === DIRECTORY) children.push({ key: `${name}/`, name, kind });
  }

  /** `undefined` for an entry that is only listed, not sent. */
  #kindOf(dirent: Dirent<string>, path: string): number | undefined {
    let entry: Dirent<string> | Stats = dirent;
    if (dirent.isSymbolicLink()) {
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
    if (kind !== PENDING_DIRECTORY && !this.#count(path, kind)) return;
    if (kind === FILE || kind === SYMLINK) for (const slot of pending) this.#entries.setKind(slot, DIRECTORY);
    if (this.#weights) return;
    this.#entries.add(path, kind, kind === SYMLINK ? this.#readLink(path) : undefined);
  }

  /**
   * A link to a directory counts among the files, as links do: two of them in each of thirty directories, both to the next
   * one, make a thousand million directories and no file.
   */
  #countLink(path: string): void {
    this.#linkedDirectories++;
    this.#weights?.add(path, 0);
  }

  /** Counts an entry; false when a limit is passed and it need not be kept. */
  #count(path: string, kind: number): boolean {
    if (kind === DIRECTORY) this.#directories++;
    else this.#files++;
    const { files, entries } = this.#job.limits;
    const count = this.#files + this.#directories;
    const fileCount = this.#files + this.#linkedDirectories;
    if (this.#passed === undefined && fileCount > files) this.#passed = "too_many_files";
    if (this.#passed === undefined && count > entries) this.#passed = "too_many_entries";
    if (this.#passed === undefined) return true;
    if (!this.#weights) {
      this.#weights = new DirectoryWeights();
      for (const known of this.#entries.each()) this.#weigh(this.#weights, known.path, known.kind);
    }
    this.#weigh(this.#weights, path, kind);
    if (fileCount >= files * COUNT_AHEAD || count >= entries * COUNT_AHEAD) this.#failOverLimit(this.#weights);
    return false;
  }

  #weigh(weights: DirectoryWeights, path: string, kind: number): void {
    const counts = kind === FILE || kind === SYMLINK || (kind === DIRECTORY && this.#passed === "too_many_entries");
    if (counts) weights.add(path, 0);
  }

  #failOverLimit(weights: DirectoryWeights): never {
    const { limits, ignore } = this.#job;
    throw overLimit(this.#passed ?? "too_many_files", limits, weights, ignore.syntax ?? "docker");
  }

  #readLink(path: string): string {
    let target: string;
    try {
      target = readlinkSync(pathBelow(this.#job.root, path), "latin1");
    } catch (error) {
      throw fromSystemError(error, displayName(path));
    }
    if (decodeName(target) === undefined) throw nameNotUtf8(`${displayName(path)} -> ${displayName(target)}`);
    if (!staysInContext(path, target)) throw linkEscapes(displayName(path), displayName(target));
    return target;
  }
}

/** Sorted by the bytes of the paths, for people. The walk looks at a directory whole before it enters the ones in it. */
function inPathOrder<T extends { readonly path: string }>(found: readonly T[]): T[] {
  const sorted = found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return sorted.map((one) => ({ ...one, path: displayName(one.path) }));
}

/** The text of a name that patterns are matched with: bytes that are not UTF-8 become U+FFFD, as in Go. */
function matchText(name: string): string {
  return decodeName(name) ?? Buffer.from(name, "latin1").toString("utf8");
}

function unsupportedKind(entry: Dirent<string> | Stats): UnsupportedKind {
  if (entry.isSocket()) return "socket";
  if (entry.isFIFO()) return "fifo";
  return entry.isBlockDevice() || entry.isCharacterDevice() ? "device" : "unknown";
}

function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}
