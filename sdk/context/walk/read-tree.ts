import { lstatSync } from "node:fs";
import type { UnsupportedEntry } from "../entry.ts";
import { contextHash } from "../hash/context-hash.ts";
import { buildManifest, type Manifest } from "../manifest/manifest.ts";
import type { DirectoryTable } from "../table/directory-table.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { isFileKind } from "../table/kind.ts";
import { latin1At } from "../table/text-column.ts";
import type { BoundHere } from "./bound-here.ts";
import { BUSY, type Control, READ, STOP } from "./control.ts";
import type { PartsAhead } from "./digest-ahead.ts";
import { digestEntries, TotalExceeded } from "./digest-entries.ts";
import { DirectoryWeights, overLimit } from "./directory-weights.ts";
import type { ReadJob } from "./job.ts";
import { findKnown, type KnownFiles } from "./known-files.ts";
import { pathBelow } from "./tree-root.ts";
import { type WalkedIgnored, walkTree } from "./walk-tree.ts";
import type { WalkedShare } from "./walked-share.ts";

/** What reading a tree yields. Columns are shared memory; the rest is small and copied. */
export interface ReadResult {
  readonly table: EntryTable;
  /** The directories that were listed; absent where it proves nothing that they look the same. */
  readonly directories?: DirectoryTable;
  /** What follows from the content of every file; absent where not every file was read. */
  readonly identity?: ContextIdentity;
  readonly ignored: readonly WalkedIgnored[];
  readonly unsupported: readonly UnsupportedEntry[];
  /** Links that are left out, sorted by the bytes of their paths. */
  readonly skippedLinks: readonly string[];
  readonly totalBytes: number;
  /** Files whose content was read; the others were known from an earlier reading. */
  readonly filesRead: number;
}

/** What a context is known by. */
export interface ContextIdentity {
  readonly hash: `h1:${string}`;
  readonly manifest: Manifest;
}

/**
 * Walks, digests, hashes: the whole reading of a context, in the thread that leads it.
 *
 * @returns `undefined` when a helper failed: it says why
 * @param known what an earlier reading found: files that still look the same are not read again
 * @param onWalked called when the walk is done: helpers can start
 * @param ahead has a helper digest files before that
 * @param bound for a listing in the thread of the caller
 */
export function readTree(
  job: ReadJob,
  control: Control,
  known: KnownFiles | undefined,
  onWalked: (walked: WalkedShare) => void,
  ahead?: PartsAhead,
  bound?: BoundHere,
): ReadResult | undefined {
  const { table, ...listed } = walkTree(job, ahead, bound);
  const found = known && findKnown(known, table);
  const taken = ahead?.end({ table, known: found }) ?? 0;
  onWalked({ table, known: found });
  try {
    digestEntries(table, job, control, found, bound);
  } catch (error) {
    Atomics.store(control.slots, STOP, 1);
    throw explain(error, table, job);
  }
  waitForHelpers(control);
  if (Atomics.load(control.slots, STOP) === 1) return undefined;
  ahead?.copy(taken, table);
  return {
    table,
    ...(job.digests === "all" ? { identity: identify(table, job) } : {}),
    ...listed,
    totalBytes: table.sizes.reduce((sum, size) => sum + size, 0),
    filesRead: Atomics.load(control.slots, READ),
  };
}

function identify(table: EntryTable, { dockerfile, manifestEntries }: ReadJob): ContextIdentity {
  const outside = dockerfile?.isInContext === false ? dockerfile.sha256 : undefined;
  return { hash: contextHash(table, dockerfile), manifest: buildManifest(table, manifestEntries, outside) };
}

/** Turns the bare fact that the sum is too large into the error that names the directories. */
export function explain(error: unknown, table: EntryTable, job: ReadJob): unknown {
  if (!(error instanceof TotalExceeded)) return error;
  const weights = new DirectoryWeights();
  for (let index = 0; index < table.length; index++) {
    if (!isFileKind(table.kinds[index]!)) continue;
    const path = latin1At(table.paths, index);
    weights.add(path, lstatSync(pathBelow(job.root, path), { throwIfNoEntry: false })?.size ?? 0);
  }
  return overLimit("context_too_large", job.limits, weights, job.ignore.syntax ?? "docker");
}

function waitForHelpers(control: Control): void {
  for (let busy = Atomics.load(control.slots, BUSY); busy > 0; busy = Atomics.load(control.slots, BUSY)) {
    Atomics.wait(control.slots, BUSY, busy, 1000);
  }
}
