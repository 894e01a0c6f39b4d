import type { BigIntStats } from "node:fs";
import { type TextColumn, TextColumnBuilder } from "./text-column.ts";

/**
 * The directories that a walk listed, and what they looked like before it did. One that still looks so has the same names in
 * it: whatever comes, goes or is put in another's place changes the times of its directory.
 */
export interface DirectoryTable {
  readonly length: number;
  /** Below the root, Latin-1; empty for the root itself, which is the first. */
  readonly paths: TextColumn;
  readonly mtimes: BigInt64Array;
  readonly ctimes: BigInt64Array;
  readonly inodes: BigUint64Array;
  /** Of all of them: what is mounted in the tree is another device. */
  readonly device: bigint;
}

/** A table of these paths whose other columns are zero. */
export function emptyDirectoryTable(paths: TextColumn, device: bigint): DirectoryTable {
  const length = paths.offsets.length - 1;
  const shared = () => new SharedArrayBuffer(8 * length);
  return {
    length,
    paths,
    device,
    mtimes: new BigInt64Array(shared()),
    ctimes: new BigInt64Array(shared()),
    inodes: new BigUint64Array(shared()),
  };
}

/** Collects the directories of a walk. */
export class DirectoryTableBuilder {
  readonly #paths = new TextColumnBuilder();
  readonly #stats: BigIntStats[] = [];
  #isProof = true;

  /**
   * @param path Latin-1
   * @param stats taken before the directory was listed
   * @param isSettled it had not been touched for a while then
   */
  add(path: string, stats: BigIntStats, isSettled: boolean): void {
    this.#isProof &&= isSettled && stats.dev === (this.#stats[0] ?? stats).dev;
    if (!this.#isProof) return;
    this.#paths.add(path);
    this.#stats.push(stats);
  }

  /** @returns `undefined` when a directory changed a moment ago, or lies on another device: looking the same proves nothing */
  build(): DirectoryTable | undefined {
    const device = this.#stats[0]?.dev;
    if (!this.#isProof || device === undefined) return undefined;
    const table = emptyDirectoryTable(this.#paths.build(), device);
    for (const [index, { mtimeNs, ctimeNs, ino }] of this.#stats.entries()) {
      table.mtimes[index] = mtimeNs;
      table.ctimes[index] = ctimeNs;
      table.inodes[index] = ino;
    }
    return table;
  }
}
