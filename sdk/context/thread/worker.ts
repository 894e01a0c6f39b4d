import { MessageChannel, type MessagePort, parentPort, receiveMessageOnPort } from "node:worker_threads";
import { packContext } from "../tar/pack.ts";
import { PieceWriter } from "../tar/piece-writer.ts";
import type { TarJob } from "../tar/tar-job.ts";
import { BUSY, type Control, STOP, WALKED } from "../walk/control.ts";
import { digestAhead, PartsAhead } from "../walk/digest-ahead.ts";
import { digestEntries } from "../walk/digest-entries.ts";
import { check } from "../walk/earlier-reading.ts";
import { lookAhead } from "../walk/known-files.ts";
import { type FileTree, readFile } from "../walk/read-file.ts";
import { explain, type ReadResult, readTree } from "../walk/read-tree.ts";
import { closeHash, hashForLeader } from "../walk/shared-hash.ts";
import type { WalkedShare } from "../walk/walked-share.ts";
import type { Answer, Task } from "./protocol.ts";
import { toThreadError } from "./thread-error.ts";

// A thread that reads and packs contexts, one task at a time. It works synchronously: asynchronous calls would cost five
// times the time.

type TaskOf<Type extends Task["type"]> = Extract<Task, { type: Type }>;

function say(answer: Answer, transfer: (ArrayBuffer | MessagePort)[] = []): void {
  parentPort!.postMessage(answer, transfer);
}

function run(task: Task): void {
  switch (task.type) {
    case "read": {
      const result = read(task);
      if (result) say({ type: "done", result });
      return;
    }
    case "help":
      return help(task.walked, task);
    case "look-ahead":
      return helpAfterLookingAhead(task);
    case "help-ahead":
      return helpAhead(task);
    case "check":
      return check(task.reading, task.job, task.control);
    case "pack":
      return pack(task.job);
    case "fetch": {
      const bytes = readFiles(task.tree, task.indices);
      return say({ type: "contents", bytes }, [bytes.buffer]);
    }
  }
}

function read({ job, control, known, helpers, mayAskAhead }: TaskOf<"read">): ReadResult | undefined {
  const ahead = mayAskAhead ? new PartsAhead(control, askAhead) : undefined;
  try {
    return readTree(
      job,
      control,
      known,
      (walked) => {
        if (helpers.length === 0) say({ type: "walked", walked });
        for (const helper of helpers) helper.postMessage(walked);
        tellWalked(control);
      },
      ahead,
    );
  } finally {
    tellWalked(control);
    closeHash(control);
    for (const helper of helpers) helper.close();
    ahead?.close();
  }
}

function askAhead(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  say({ type: "ahead", leader: port2 }, [port2]);
  return port1;
}

function tellWalked(control: Control): void {
  Atomics.store(control.slots, WALKED, 1);
  Atomics.notify(control.slots, WALKED);
}

function helpAfterLookingAhead(task: TaskOf<"look-ahead">): void {
  const { job, control, known, leader } = task;
  lookAhead(known, job, control);
  // There already, or, when everything known was looked at first, on its way; none when the walk failed.
  while (Atomics.load(control.slots, WALKED) === 0) Atomics.wait(control.slots, WALKED, 0, 1000);
  const received = receiveMessageOnPort(leader) as { message: WalkedShare } | undefined;
  leader.close();
  if (received) help(received.message, task);
}

function help({ table, known }: WalkedShare, { job, control }: TaskOf<"help" | "look-ahead">): void {
  atWork(control, () => {
    try {
      digestEntries(table, job, control, known);
    } catch (error) {
      throw explain(error, table, job);
    }
  });
  hashForLeader(table, job, control);
}

function helpAhead({ job, control, leader }: TaskOf<"help-ahead">): void {
  const table = atWork(control, () => {
    try {
      return digestAhead(job, control, leader, (error, walked) => explain(error, walked, job));
    } finally {
      leader.close();
    }
  });
  if (table) hashForLeader(table, job, control);
}

/** Helps: the leader waits until it is done, and all stop when it fails. */
function atWork<T>({ slots }: Control, work: () => T): T {
  // Announced before the first batch is taken: the leader waits for whoever has one.
  Atomics.add(slots, BUSY, 1);
  try {
    return work();
  } catch (error) {
    Atomics.store(slots, STOP, 1);
    throw error;
  } finally {
    Atomics.sub(slots, BUSY, 1);
    Atomics.notify(slots, BUSY);
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

function readFiles(tree: FileTree, indices: readonly number[]): Uint8Array<ArrayBuffer> {
  const total = indices.reduce((sum, index) => sum + tree.table.sizes[index]!, 0);
  const bytes = Buffer.from(new ArrayBuffer(total));
  let at = 0;
  const sink = { room: () => bytes.subarray(at), advance: (count: number) => void (at += count) };
  for (const index of indices) readFile(tree, index, sink);
  return bytes;
}

parentPort!.on("message", (task: Task) => {
  try {
    run(task);
  } catch (error) {
    say({ type: "failed", error: toThreadError(error) });
  }
  say({ type: "finished" });
});
