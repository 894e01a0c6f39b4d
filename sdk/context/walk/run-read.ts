import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import type { EntryTable } from "../table/entry-table.ts";
import { createControl } from "./control.ts";
import type { ReadJob } from "./job.ts";
import type { ReadResult } from "./read-tree.ts";
import { startThread } from "./thread.ts";
import { fromThreadError, type ReadThreadData, type ReadThreadMessage } from "./thread-message.ts";

/** A helper takes about as long to start as this many small files take to digest. */
const WORTH_A_HELPER = 1_500;
/** More threads than this wait for the same disk. */
const MAX_HELPERS = 3;

/**
 * Reads the tree in threads of its own: one walks and leads, others help to digest. Aborting ends them at once.
 *
 * @param previous what an earlier reading found: files that still look the same are not read again
 */
export function runRead(job: ReadJob, previous?: EntryTable, signal?: AbortSignal): Promise<ReadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadResult>();
  const threads: Worker[] = [];
  const control = createControl();

  const start = (table?: EntryTable): void => {
    const data: ReadThreadData = { job, control, previous, table };
    const thread = startThread("./read-worker", import.meta.url, data);
    threads.push(thread);
    thread.on("message", onMessage);
    thread.on("error", reject);
  };
  const onMessage = (message: ReadThreadMessage): void => {
    if (message.type === "done") resolve(message.result);
    else if (message.type === "failed") reject(fromThreadError(message.error));
    else {
      const helpers = Math.min(
        availableParallelism() - 1,
        MAX_HELPERS,
        Math.floor(message.table.length / WORTH_A_HELPER),
      );
      for (let i = 0; i < helpers; i++) start(message.table);
    }
  };
  const onAbort = (): void => reject(signal!.reason);

  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort, { once: true });
  start();
  return promise.finally(async () => {
    signal?.removeEventListener("abort", onAbort);
    await Promise.all(threads.map((thread) => thread.terminate()));
  });
}
