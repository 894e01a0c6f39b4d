import { contextHash } from "../hash/context-hash.ts";
import type { EntryTable } from "../table/entry-table.ts";
import { type Control, HASH, STOP } from "./control.ts";
import type { ReadJob } from "./job.ts";

// The hash and the manifest both go through every entry once the last file is digested. A helper, which would have nothing
// left to do, makes the one while the thread that leads makes the other.

/** What `HASH` of the control says: not all is digested yet; it is; somebody hashes; the hash is there, or nobody needs it. */
const NOT_YET = 0;
const WANTED = 1;
const TAKEN = 2;
const OVER = 3;

/** On the side of the thread that leads: all files of the tree are digested, whoever is free may hash. */
export function offerHash(control: Control): void {
  tell(control, WANTED);
}

/** The hash: made by a helper, or here if none has begun. */
export function takeHash(table: EntryTable, job: ReadJob, control: Control): `h1:${string}` {
  if (isMine(control)) return contextHash(table, job.dockerfile);
  while (Atomics.load(control.slots, HASH) === TAKEN) Atomics.wait(control.slots, HASH, TAKEN, 1000);
  return `h1:${Buffer.from(control.hash).toString("hex")}`;
}

/** No helper need wait for anything to hash, whatever came of the reading. */
export function closeHash(control: Control): void {
  tell(control, OVER);
}

/** On the side of a helper that has nothing left to digest: waits until the others are done, too, and hashes. */
export function hashForLeader(table: EntryTable, job: ReadJob, control: Control): void {
  while (Atomics.load(control.slots, HASH) === NOT_YET && Atomics.load(control.slots, STOP) === 0) {
    Atomics.wait(control.slots, HASH, NOT_YET, 1000);
  }
  if (!isMine(control)) return;
  control.hash.set(Buffer.from(contextHash(table, job.dockerfile).slice("h1:".length), "hex"));
  tell(control, OVER);
}

function isMine({ slots }: Control): boolean {
  return Atomics.compareExchange(slots, HASH, WANTED, TAKEN) === WANTED;
}

function tell({ slots }: Control, word: number): void {
  Atomics.store(slots, HASH, word);
  Atomics.notify(slots, HASH);
}
