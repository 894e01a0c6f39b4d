import { type EarlierReading, earlierReading } from "../walk/earlier-reading.ts";
import type { ReadJob } from "../walk/job.ts";
import type { ReadResult } from "../walk/read-tree.ts";

/** Trees remembered, and entries of all of them together: about 40 MB at most, and room for one of {@link DEFAULT_LIMITS}. */
const MAX_TREES = 4;
const MAX_ENTRIES = 400_000;

/** Reads a tree; `earlier` is what an earlier reading of the same tree found. */
export type ReadTree = (earlier: EarlierReading | undefined, signal: AbortSignal) => Promise<ReadResult>;

interface Flight {
  readonly promise: Promise<ReadResult>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Shares readings. Equal readings that overlap are one (single flight): the result is never older than the first call. A
 * later one looks at the tree again, but reads no file that still looks as it did.
 */
export class ContextMemo {
  readonly #flights = new Map<string, Flight>();
  /** In the order of their last use. */
  readonly #readings = new Map<string, EarlierReading>();

  /** @param signal ends the caller's wait; the reading ends when nobody waits for it any more */
  async read(job: ReadJob, read: ReadTree, signal?: AbortSignal): Promise<ReadResult> {
    signal?.throwIfAborted();
    const key = JSON.stringify(job);
    const flight = this.#flights.get(key) ?? this.#start(key, job, read);
    flight.waiting++;
    try {
      return await abortable(flight.promise, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0) flight.controller.abort(signal?.reason);
    }
  }

  #start(key: string, job: ReadJob, read: ReadTree): Flight {
    const controller = new AbortController();
    const tree = treeKey(job);
    const promise = read(this.#readings.get(tree), controller.signal).then((result) => {
      this.#remember(tree, earlierReading(job, result));
      return result;
    });
    const flight: Flight = { promise, controller, waiting: 0 };
    this.#flights.set(key, flight);
    const forget = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    promise.then(forget, forget);
    // A reading that nobody waits for takes no new callers: it is being ended.
    controller.signal.addEventListener("abort", forget, { once: true });
    return flight;
  }

  #remember(tree: string, reading: EarlierReading): void {
    this.#readings.delete(tree);
    this.#readings.set(tree, reading);
    const total = () => [...this.#readings.values()].reduce((sum, { table }) => sum + table.length, 0);
    for (const oldest of this.#readings.keys()) {
      if (this.#readings.size <= MAX_TREES && total() <= MAX_ENTRIES) break;
      this.#readings.delete(oldest);
    }
  }
}

/**
 * What the digests of a tree depend on: the same for every set of ignore rules. Of each set of sources a table of its own is
 * kept: readings of different parts of one tree would only push each other out.
 */
export function treeKey({ root, symlinks, digests, sources }: ReadJob): string {
  return JSON.stringify({ root, symlinks, digests, sources });
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", onAbort));
}
