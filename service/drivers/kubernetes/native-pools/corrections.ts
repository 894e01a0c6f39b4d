import type { SandboxTemplate } from "./native-objects.ts";

/** After so many corrections in a row an object is in dispute: somebody else wants it otherwise. */
const DISPUTED_AFTER = 5;
/** Corrections that are further apart are not in a row. */
const IN_A_ROW_MS = 20_000;
/** What is in dispute is put right this seldom. */
const DISPUTED_EVERY_MS = 5_000;

/** The last write of an object. */
interface Written {
  /** What was asked for. */
  readonly text: string;
  /** The object that it was to put right, as it was seen. */
  readonly seenVersion: string | undefined;
  /** What the server made of it. */
  readonly taken: string;
  /** How often in a row the same had to be asked for again. */
  readonly corrections: number;
  /** By `performance.now()`. */
  readonly atMs: number;
}

/** What is to be done about an object that is not as it should be. */
export type Correction =
  | "write"
  /** Nothing: the server has taken what was asked for, or what it takes of it, or that has not been told yet. */
  | "taken"
  /** Nothing now: others change it as often as it is put right. */
  | "later";

/**
 * Remembers what was written into objects, to tell what others have changed since from what a server does not keep (a field that its
 * version of a kind does not have, or that a webhook sets), and whoever changes an object again and again from one who does so once.
 */
export class Corrections {
  readonly #written = new Map<string, Written>();

  /** @param text what the object should be @param there as it was told last */
  judge(path: string, text: string, there: SandboxTemplate): Correction {
    const before = this.#written.get(path);
    if (before?.text !== text) return "write";
    if (there.metadata.resourceVersion === before.seenVersion || shapeOf(there) === before.taken) return "taken";
    const isSoon = performance.now() - before.atMs < DISPUTED_EVERY_MS;
    return before.corrections >= DISPUTED_AFTER && isSoon ? "later" : "write";
  }

  /** An object was written. @param there as it was seen before @param answer as it is now */
  note(path: string, text: string, there: SandboxTemplate | undefined, answer: SandboxTemplate): void {
    const before = this.#written.get(path);
    const nowMs = performance.now();
    const isInARow = there !== undefined && before?.text === text && nowMs - before.atMs < IN_A_ROW_MS;
    this.#written.set(path, {
      text,
      seenVersion: there?.metadata.resourceVersion ?? undefined,
      taken: shapeOf(answer),
      corrections: isInARow ? before.corrections + 1 : 0,
      atMs: nowMs,
    });
  }

  /** Whether others change an object as often as it is put right. */
  isDisputed(path: string): boolean {
    const { corrections = 0, atMs = -Infinity } = this.#written.get(path) ?? {};
    return corrections >= DISPUTED_AFTER && performance.now() - atMs < IN_A_ROW_MS;
  }

  forget(path: string): void {
    this.#written.delete(path);
  }
}

/** All of an object that the service has a say in. */
function shapeOf({ metadata: { uid, labels, annotations }, spec }: SandboxTemplate): string {
  return JSON.stringify([uid, labels, annotations, spec]);
}
