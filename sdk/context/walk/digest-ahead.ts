import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { DIGEST_BYTES, type EntryTable } from "../table/entry-table.ts";
import { EntryTableBuilder } from "../table/entry-table-builder.ts";
import { AHEAD, type Control, NEXT, WALKED, WORDS } from "./control.ts";
import { BATCH, digestEntries, digestSome, settleEntries } from "./digest-entries.ts";
import type { ReadJob } from "./job.ts";
import type { WalkedShare } from "./walked-share.ts";

// While one thread walks a large tree that nobody has read before, another digests what was walked so far. It is given the
// entries in parts, each a table of its own, and goes through them in order. At the end of the walk the one that leads
// draws the line: what was taken by then is copied into the table of all, and the rest of that is divided as ever.

/** Entries of a part: the first one is there when a tree is worth a helper. Whole batches. */
const PART_ENTRIES = 128 * BATCH;
/** As many as a helper digests while some hundred thousand entries are walked. More would only take memory. */
const MOST_PARTS = 16;
const CLOSED = 0x7fff_0000;

/** What the helper is sent, in order; the last is all that was walked. Nothing comes where the walk fails. */
export type Walked = { readonly part: EntryTable } | { readonly all: WalkedShare };

/** The parts of one walk, on the side of the thread that walks. */
export class PartsAhead {
  readonly #control: Control;
  readonly #onFirst: () => MessagePort;
  readonly #parts: EntryTable[] = [];
  #port: MessagePort | undefined;
  #part = new EntryTableBuilder();

  /** @param onFirst called when there is a first part: makes the way to a helper */
  constructor(control: Control, onFirst: () => MessagePort) {
    this.#control = control;
    this.#onFirst = onFirst;
  }

  /** Notes the next entry of the walk. */
  add(path: string, kind: number): void {
    if (this.#parts.length === MOST_PARTS) return;
    this.#part.add(path, kind);
    if (this.#part.length < PART_ENTRIES) return;
    const part = this.#part.build();
    this.#part = new EntryTableBuilder();
    this.#parts.push(part);
    this.#port ??= this.#onFirst();
    this.#say({ part });
  }

  /**
   * Draws the line: the entries after it are for whoever takes them next.
   *
   * @returns how many entries of the walk are the helper's, from the first on
   */
  end(all: WalkedShare): number {
    if (this.#port === undefined) return 0;
    const taken = Atomics.exchange(this.#control.slots, AHEAD, CLOSED);
    Atomics.store(this.#control.slots, NEXT, taken);
    this.#say({ all });
    return taken;
  }

  /** Copies what the helper has found, when it is done. @param taken what {@link end} said */
  copy(taken: number, table: EntryTable): void {
    for (let from = 0; from < taken; from += PART_ENTRIES) {
      const part = this.#parts[from / PART_ENTRIES]!;
      const count = Math.min(taken - from, PART_ENTRIES);
      for (const column of ["kinds", "sizes", "mtimes", "ctimes", "inodes", "isSettled"] as const)
        (table[column] as Uint8Array).set((part[column] as Uint8Array).subarray(0, count), from);
      table.digests.set(part.digests.subarray(0, count * DIGEST_BYTES), from * DIGEST_BYTES);
    }
  }

  /** The helper need not wait for more. */
  close(): void {
    tellWord(this.#control);
    this.#port?.close();
  }

  #say(word: Walked): void {
    this.#port!.postMessage(word);
    tellWord(this.#control);
  }
}

function tellWord({ slots }: Control): void {
  Atomics.add(slots, WORDS, 1);
  Atomics.notify(slots, WORDS);
}

/**
 * The helper's side: digests part after part, then helps with all that was walked. What goes wrong is told when the walk is
 * over: what is wrong with the tree as a whole comes first.
 *
 * @param leader what {@link PartsAhead} says
 * @param explain turns an error into one that knows the whole tree
 * @returns all that was walked; `undefined` when the walk failed
 */
export function digestAhead(
  job: ReadJob,
  control: Control,
  leader: MessagePort,
  explain: (error: unknown, table: EntryTable) => unknown,
): EntryTable | undefined {
  const later: (() => void)[] = [];
  let failure: { readonly error: unknown } | undefined;
  let first = 0;
  for (let word = nextWord(control, leader); word; word = nextWord(control, leader)) {
    if ("all" in word) {
      const { table, known } = word.all;
      if (failure) throw explain(failure.error, table);
      try {
        digestEntries(table, job, control, known);
        for (const settle of later) settle();
      } catch (error) {
        throw explain(error, table);
      }
      return table;
    }
    const { part } = word;
    const unsettled: number[] = [];
    try {
      if (!failure) digestPart(part, first, unsettled, job, control);
    } catch (error) {
      failure = { error };
    }
    later.push(() => settleEntries(part, unsettled, job));
    first += part.length;
  }
  return undefined;
}

/** As far as the line allows. */
function digestPart(part: EntryTable, first: number, unsettled: number[], job: ReadJob, control: Control): void {
  for (let start = 0; start < part.length; start += BATCH) {
    const at = first + start;
    // Only the one that draws the line moves it, too.
    if (Atomics.compareExchange(control.slots, AHEAD, at, at + BATCH) !== at) return;
    if (!digestSome(part, start, start + BATCH, unsettled, job, control)) return;
  }
}

/** Waits for the next word of the one that walks. @returns `undefined` when the walk is over, and there is none */
function nextWord({ slots }: Control, leader: MessagePort): Walked | undefined {
  for (;;) {
    const words = Atomics.load(slots, WORDS);
    const isOver = Atomics.load(slots, WALKED) === 1;
    const received = receiveMessageOnPort(leader) as { message: Walked } | undefined;
    if (received) return received.message;
    if (isOver) return undefined;
    Atomics.wait(slots, WORDS, words, 1000);
  }
}
