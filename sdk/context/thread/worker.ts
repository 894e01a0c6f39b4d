import { parentPort } from "node:worker_threads";
import { packContext } from "../tar/pack.ts";
import { PieceWriter } from "../tar/piece-writer.ts";
import type { TarJob } from "../tar/tar-job.ts";
import { BUSY, STOP } from "../walk/control.ts";
import { digestEntries } from "../walk/digest-entries.ts";
import { explain, readTree } from "../walk/read-tree.ts";
import type { Answer, Task } from "./protocol.ts";
import { toThreadError } from "./thread-error.ts";

// A thread that reads and packs contexts, one task at a time. It works synchronously: asynchronous calls would cost five
// times the time.

function say(answer: Answer, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(answer, transfer);
}

function run(task: Task): void {
  switch (task.type) {
    case "read": {
      const { job, control, previous } = task;
      const result = readTree(job, control, (table) => say({ type: "table", table }), previous);
      if (result) say({ type: "done", result });
      return;
    }
    case "help":
      return help(task);
    case "pack":
      return pack(task.job);
  }
}

function help({ job, control, previous, table }: Extract<Task, { type: "help" }>): void {
  // Announced before the first batch is taken: the leader waits for whoever has one.
  Atomics.add(control.slots, BUSY, 1);
  try {
    digestEntries(table, job, control, previous);
  } catch (error) {
    Atomics.store(control.slots, STOP, 1);
    throw explain(error, table, job);
  } finally {
    Atomics.sub(control.slots, BUSY, 1);
    Atomics.notify(control.slots, BUSY);
  }
}

/** Runs ahead of the reader by as many pieces as there is credit for, and then waits. */
function pack(job: TarJob): void {
  const writer = new PieceWriter((bytes) => {
    while (Atomics.load(job.credit, 0) <= 0) Atomics.wait(job.credit, 0, 0);
    Atomics.sub(job.credit, 0, 1);
    say({ type: "piece", bytes }, [bytes.buffer]);
  });
  packContext(job, writer);
  say({ type: "end" });
}

parentPort!.on("message", (task: Task) => {
  try {
    run(task);
  } catch (error) {
    say({ type: "failed", error: toThreadError(error) });
  }
  say({ type: "finished" });
});
