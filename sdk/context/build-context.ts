import type { ContextEntry, IgnoredEntry, UnsupportedEntry } from "./entry.ts";
import type { IgnoreRule } from "./ignore/rule.ts";
import { ruleLocation } from "./ignore/rule.ts";
import type { Manifest } from "./manifest/manifest.ts";
import { type EntryTable, entryAt } from "./table/entry-table.ts";
import { displayRoot, type TreeRoot } from "./walk/tree-root.ts";
import type { WalkedIgnored } from "./walk/walk-tree.ts";

/** The Dockerfile that belongs to a context. */
export interface ContextDockerfile {
  /**
   * The name to give to a builder: the path in the context, or the name under which a Dockerfile from outside (or an
   * inline one) is put into the tar, `.dockerfile.` and 40 hex digits of its SHA-256.
   */
  readonly path: string;
  readonly content: string;
  /** Whether the Dockerfile is one of the entries. */
  readonly isInContext: boolean;
  /** The ignore file in force, when it is one of the entries and a file, not a link: its path. */
  readonly ignoreFile?: string;
}

/** A tree of entries, and the Dockerfile that belongs to it. */
export interface ContextTree {
  /** Real, absolute path, for people: bytes that are not UTF-8 stand as `\xNN` in it. */
  readonly dir: string;
  /** Where its files are read. */
  readonly root: TreeRoot;
  /** The entries as columns in shared memory. */
  readonly table: EntryTable;
  readonly dockerfile: ContextDockerfile | undefined;
  /** Indices of the entries that are there for the builder alone: no `COPY` sees them. */
  readonly hidden: ReadonlySet<number>;
  /** Links were replaced by what they point at. */
  readonly followsLinks: boolean;
  /** Links that are left out, sorted by the bytes of their paths; only with `symlinks: "skip"`. */
  readonly skippedLinks: readonly string[];
  /** Sockets, FIFOs and devices, which are left out, sorted by the bytes of their paths. */
  readonly unsupported: readonly UnsupportedEntry[];
}

/** The facts that a {@link BuildContext} is made of. */
export interface ContextFacts {
  readonly root: TreeRoot;
  readonly hash: `h1:${string}`;
  readonly table: EntryTable;
  readonly manifest: Manifest;
  readonly ignored: readonly WalkedIgnored[];
  readonly rules: readonly IgnoreRule[];
  readonly unsupported: readonly UnsupportedEntry[];
  readonly skippedLinks: readonly string[];
  readonly totalBytes: number;
  readonly filesRead: number;
  readonly dockerfile?: ContextDockerfile;
  /** Indices of the entries that no `COPY` sees. */
  readonly hidden: ReadonlySet<number>;
  /** Links were replaced by what they point at. */
  readonly followsLinks: boolean;
}

/**
 * A directory tree as a build would get it: which entries, what they weigh, and the hash that says whether it changed.
 *
 * @example
 * ```ts
 * const context: BuildContext = await readContext({ dir: "./app" });
 * for (const { path, size } of context.visibleEntries) console.log(size, path);
 * for (const { path, pattern } of context.ignored) console.log(path, "is left out by", pattern);
 * ```
 */
export class BuildContext implements ContextTree {
  /** Real, absolute path of the context, for people: bytes that are not UTF-8 stand as `\xNN` in it. Not part of the hash. */
  readonly dir: string;
  readonly root: TreeRoot;
  /** Changes exactly when what is sent changes. */
  readonly hash: `h1:${string}`;
  /** Path -> short digest, at most `manifestEntries` lines. */
  readonly manifest: Manifest;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Files whose content was read for this; the others looked as they did when they were read last. */
  readonly filesRead: number;
  /** Sockets, FIFOs and devices, which are left out, sorted by path; none with `unsupported: "error"`. */
  readonly unsupported: readonly UnsupportedEntry[];
  /** Links that are left out, sorted by the bytes of their paths; only with `symlinks: "skip"`. Ignored ones are not among them. */
  readonly skippedLinks: readonly string[];
  readonly dockerfile: ContextDockerfile | undefined;
  /**
   * Indices of the entries that are there for the builder alone: the Dockerfile and the ignore file where the ignore file
   * excludes them, and folders that hold nothing else. They are part of the hash and of the tar; no `COPY` sees them.
   */
  readonly hidden: ReadonlySet<number>;
  readonly followsLinks: boolean;
  /** The entries as columns in shared memory: what to use on large trees. */
  readonly table: EntryTable;
  readonly #ignored: readonly WalkedIgnored[];
  readonly #rules: readonly IgnoreRule[];
  #entries: readonly ContextEntry[] | undefined;

  constructor(facts: ContextFacts) {
    this.dir = displayRoot(facts.root);
    this.root = facts.root;
    this.hash = facts.hash;
    this.manifest = facts.manifest;
    this.totalBytes = facts.totalBytes;
    this.filesRead = facts.filesRead;
    this.unsupported = facts.unsupported;
    this.skippedLinks = facts.skippedLinks;
    this.dockerfile = facts.dockerfile;
    this.hidden = facts.hidden;
    this.followsLinks = facts.followsLinks;
    this.table = facts.table;
    this.#ignored = facts.ignored;
    this.#rules = facts.rules;
  }

  /**
   * Every entry that is sent, sorted by the bytes of its path. Made into objects at first use (about 3 ms for each 10,000);
   * {@link each} makes them one at a time.
   */
  get entries(): readonly ContextEntry[] {
    return (this.#entries ??= Array.from({ length: this.table.length }, (_, index) => entryAt(this.table, index)));
  }

  /** The entries that a `COPY` of the build may see: all but the {@link hidden} ones. */
  get visibleEntries(): readonly ContextEntry[] {
    return this.hidden.size === 0 ? this.entries : this.entries.filter((_entry, index) => !this.hidden.has(index));
  }

  /** Every entry, one object at a time. */
  *each(): Generator<ContextEntry> {
    for (let index = 0; index < this.table.length; index++) yield entryAt(this.table, index);
  }

  /** Every entry that a rule excludes, sorted by path, with the rule. */
  get ignored(): readonly IgnoredEntry[] {
    return this.#ignored.map(({ path, type, rule: index }) => {
      const rule = this.#rules[index]!;
      return { path, type, rule: ruleLocation(rule), pattern: rule.pattern };
    });
  }
}
