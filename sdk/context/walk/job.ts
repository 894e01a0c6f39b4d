import type { IgnoreSource } from "../ignore/rule.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { TreeRoot } from "./tree-root.ts";

/** What to do with symbolic links: send them as links, refuse them, send what they point at, or leave them out. */
export type SymlinkMode = "keep" | "error" | "copy" | "skip";

/** What a reading thread is asked to do. Plain data: it crosses a thread border. */
export interface ReadJob {
  readonly root: TreeRoot;
  readonly ignore: IgnoreSource;
  readonly symlinks: SymlinkMode;
  /**
   * Paths that the walk is limited to, sorted, Latin-1; empty for the root itself. Beside them a Dockerfile and its ignore
   * file are sent, if there is a Dockerfile.
   *
   * @default all is walked
   */
  readonly sources?: readonly string[];
  readonly limits: ResolvedLimits;
  /** Sockets, FIFOs and devices: an error, or left out and listed. */
  readonly unsupported: "error" | "list";
  /** A path that nothing in the context may have: the name under which an outside Dockerfile travels. */
  readonly reservedPath?: string;
  /** What lies outside of the tree but belongs to its hash: the Dockerfile. */
  readonly dockerfile?: { readonly sha256: string; readonly isInContext: boolean };
  readonly manifestEntries: number;
  /**
   * Which files are read. `all`: every one, and the tree has a hash. `coarse`: those whose times say too little, as they
   * have no fraction of a second; the others are looked at.
   */
  readonly digests: "all" | "coarse";
}
