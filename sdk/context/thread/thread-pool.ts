import { type MessagePort, Worker } from "node:worker_threads";
import { embeddedFile } from "../../package-file.ts";
import type { Answer, Task } from "./protocol.ts";

/**
 * Threads kept for the next task, and for how long: a thread costs some 40 ms to start and as much again until its code has
 * been compiled, and 20 MB to keep. Who builds one image after another is to find them, whatever happens in between.
 */
const MAX_IDLE = 2;
const IDLE_MS = 30_000;
/**
 * The threads make short-lived garbage and hold little. V8 would let each grow a nursery of tens of megabytes before it
 * cleans up; this keeps the whole process small, at no cost in time that could be measured.
 */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2 };

/** A task under way. */
export interface RunningTask {
  /** Ends the task, and its thread, at once. Does nothing when its outcome is known. */
  cancel(): Promise<void>;
  /** The process need not wait for the task to end. */
  unref(): void;
}

/** Who hears of a task. */
export interface TaskListener {
  onAnswer(answer: Exclude<Answer, { type: "finished" }>): void;
  /** The thread itself broke down. */
  onCrash(error: Error): void;
  /** The task has ended, with an answer or without. */
  onFinished?(): void;
}

/** What a task says last, but for `finished`. */
const ENDINGS = new Set<Answer["type"]>(["failed", "done", "end", "contents"]);

interface IdleThread {
  readonly worker: Worker;
  readonly timer: NodeJS.Timeout;
}

/** Threads that wait for work, the latest used last. They keep no process alive. */
const idle: IdleThread[] = [];

/** Threads that would take a task at once. */
export function warmThreads(): number {
  return idle.length;
}

/** A thread on its way, for tasks to come. */
let warming: Worker | undefined;

/** Starts a thread for a task to come, unless one waits or is on its way. It keeps no process alive. */
export function warmThread(): void {
  if (idle.length > 0 || warming !== undefined) return;
  const worker = newThread();
  warming = worker;
  worker.unref();
  // One that cannot start is of no use; the task that needs one will say why.
  worker.once("error", () => (warming = undefined));
  worker.once("online", () => {
    warming = undefined;
    worker.removeAllListeners("error");
    keepThread(worker);
  });
}

/** Runs one task in a thread of its own. */
export function startTask(task: Task, listener: TaskListener, transfer: readonly MessagePort[] = []): RunningTask {
  const worker = takeThread();
  // Packing follows reading, and needs one thread: the others' memory is worth more now than their warmth.
  if (task.type === "pack") for (const thread of [...idle]) endThread(thread);
  let isOver = false;
  /** The last thing but `finished` was said: the thread is about to be free, there is nothing to cut short. */
  let isEnding = false;
  const finish = (): void => {
    isOver = true;
    worker.removeAllListeners("message");
    worker.removeAllListeners("error");
  };
  worker.on("message", (answer: Answer) => {
    if (answer.type !== "finished") {
      isEnding = ENDINGS.has(answer.type);
      return listener.onAnswer(answer);
    }
    finish();
    keepThread(worker);
    listener.onFinished?.();
  });
  worker.on("error", (error) => {
    finish();
    listener.onCrash(error as Error);
  });
  worker.postMessage(task, transfer);
  return {
    unref: () => worker.unref(),
    async cancel() {
      if (isOver || isEnding) return;
      finish();
      // A thread that is ended may still report an error; nobody is left to hear it.
      worker.on("error", () => undefined);
      await worker.terminate();
    },
  };
}

function takeThread(): Worker {
  const thread = idle.pop();
  if (thread) {
    clearTimeout(thread.timer);
    thread.worker.removeAllListeners("error");
    thread.worker.ref();
    return thread.worker;
  }
  return newThread();
}

function newThread(): Worker {
  // The flags of the process (loaders, hooks, inspectors) are not passed on: the threads need none.
  const options = { execArgv: [], resourceLimits: RESOURCE_LIMITS };
  const source = embeddedFile("worker.js");
  if (source !== undefined) return new Worker(source, { ...options, eval: true });
  // `.ts` when we run from sources, `.js` from `dist`.
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  return new Worker(new URL(`./worker${extension}`, import.meta.url), options);
}

function keepThread(worker: Worker): void {
  worker.unref();
  const thread: IdleThread = { worker, timer: setTimeout(() => endThread(thread), IDLE_MS).unref() };
  worker.on("error", () => endThread(thread));
  idle.push(thread);
  if (idle.length > MAX_IDLE) endThread(idle[0]!);
}

function endThread(thread: IdleThread): void {
  clearTimeout(thread.timer);
  const index = idle.indexOf(thread);
  if (index >= 0) idle.splice(index, 1);
  void thread.worker.terminate();
}
