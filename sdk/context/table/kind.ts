import type { ContextEntryType } from "../entry.ts";

/** Kinds as the table stores them. */
export const DIRECTORY = 1;
export const FILE = 2;
export const EXECUTABLE = 3;
export const SYMLINK = 4;
/** A directory that is an entry only if something below it is sent; dropped otherwise. */
export const PENDING_DIRECTORY = 5;

const FACTS: Readonly<Record<number, { type: ContextEntryType; mode: number }>> = {
  [DIRECTORY]: { type: "dir", mode: 0o755 },
  [FILE]: { type: "file", mode: 0o644 },
  [EXECUTABLE]: { type: "file", mode: 0o755 },
  [SYMLINK]: { type: "symlink", mode: 0o777 },
};

/** The public type and the normalised permission bits of a kind. */
export function kindFacts(kind: number): { type: ContextEntryType; mode: number } {
  const facts = FACTS[kind];
  if (!facts) throw new TypeError(`no such entry kind: ${kind}`);
  return facts;
}

export function isFileKind(kind: number): boolean {
  return kind === FILE || kind === EXECUTABLE;
}
