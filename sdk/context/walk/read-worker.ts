import { parentPort, workerData } from "node:worker_threads";
import { BUSY, STOP } from "./control.ts";
import { digestEntries } from "./digest-entries.ts";
import { explain, readTree } from "./read-tree.ts";
import { type ReadThreadData, type ReadThreadMessage, toThreadError } from "./thread-message.ts";

// The thread that reads a context. It works synchronously: asynchronous calls would cost five times the time.

const data = workerData as ReadThreadData;

function say(message: ReadThreadMessage): void {
  parentPort!.postMessage(message);
}

function lead({ job, control, previous }: ReadThreadData): void {
  const result = readTree(job, control, (table) => say({ type: "table", table }), previous);
  if (result) say({ type: "done", result });
}

function help({ job, control, previous, table }: ReadThreadData): void {
  // Announced before the first batch is taken: the leader waits for whoever has one.
  Atomics.add(control.slots, BUSY, 1);
  try {
    digestEntries(table!, job, control, previous);
  } catch (error) {
    Atomics.store(control.slots, STOP, 1);
    throw explain(error, table!, job);
  } finally {
    Atomics.sub(control.slots, BUSY, 1);
    Atomics.notify(control.slots, BUSY);
  }
}

try {
  if (data.table) help(data);
  else lead(data);
} catch (error) {
  say({ type: "failed", error: toThreadError(error) });
}
