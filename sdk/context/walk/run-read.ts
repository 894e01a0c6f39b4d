import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Semaphore } from "../../concurrency/index.ts";
import type { Answer, Task } from "../thread/protocol.ts";
import { fromThreadError } from "../thread/thread-error.ts";
import { type RunningTask, startTask, warmThreads } from "../thread/thread-pool.ts";
import { BoundHere, TooLargeHere } from "./bound-here.ts";
import { BUSY, createControl, STOP } from "./control.ts";
import { checkInTurns, type CheckedReading, type EarlierReading } from "./earlier-reading.ts";
import {
  isSmallTree,
  SMALL_BESIDE_A_NEW_THREAD,
  SMALL_BESIDE_A_WAITING_THREAD,
  SMALL_TO_LIST,
} from "./is-small-tree.ts";
import type { ReadJob } from "./job.ts";
import { countUnseen, type KnownFiles, knownFiles, lookAheadInTurns } from "./known-files.ts";
import { type ReadResult, readTree } from "./read-tree.ts";
import type { WalkedShare } from "./walked-share.ts";

/** A helper takes about as long to start as this many small files take to digest. */
const WORTH_A_HELPER = 1_500;
/** And where files are only listed, as this many take to be looked at, beside what it takes from the one that walked. */
const WORTH_A_HELPER_LISTING = 20_000;
/** And as this many take to be looked at, by a helper that starts beside the one that walks. */
const WORTH_A_HELPER_KNOWN = 2_000;
/** And to be looked at by one that has nothing to do but that, and starts first. */
const WORTH_A_THREAD = 40_000;
/** A process that has looked at a tree before will do so again, and have the thread by then. */
let hasLooked = false;
/** More threads than this wait for the same disk. */
const MAX_HELPERS = 3;

/** Readings at a time; the others wait their turn. More would only take the disk and the cores from each other. */
const readings = new Semaphore(Math.max(2, availableParallelism()));

/**
 * Reads a tree, when it is this reading's turn. One of a few files is read at once, without a thread. One that an earlier
 * reading has seen is looked at first: where every directory and file looks as it did, the result is the same.
 *
 * @param earlier what an earlier reading of the tree found: files that still look the same are not read again
 */
export async function runRead(job: ReadJob, earlier?: EarlierReading, signal?: AbortSignal): Promise<ReadResult> {
  signal?.throwIfAborted();
  const known = earlier && knownFiles(earlier.table);
  const atOnce = readHere(job, known);
  if (atOnce) return atOnce;
  return readings.run(
    signal,
    async () =>
      (earlier && known && (await readUnchanged(job, earlier, known, signal))) ?? (await readNow(job, known, signal)),
  );
}

/**
 * Reads a small tree at once. Also where a thread would be quicker, starting it takes longer than the difference.
 *
 * @returns `undefined` for one that is worth a thread
 */
function readHere(job: ReadJob, known: KnownFiles | undefined): ReadResult | undefined {
  const isListing = job.digests === "coarse";
  const beside = isListing ? SMALL_TO_LIST : SMALL_BESIDE_A_NEW_THREAD;
  const most = warmThreads() > 0 ? SMALL_BESIDE_A_WAITING_THREAD : beside;
  // Nobody looks whether a tree is small that was larger the last time.
  if ((known?.table.length ?? 0) > most.entries) return undefined;
  if (!isListing && !isSmallTree(job, most)) return undefined;
  try {
    return readTree(job, createControl(), known, () => {}, undefined, isListing ? new BoundHere(most) : undefined);
  } catch (error) {
    if (error instanceof TooLargeHere) return undefined;
    throw error;
  }
}

function helpersFor(files: number, worth: number): number {
  return Math.min(availableParallelism() - 1, MAX_HELPERS, Math.floor(files / worth));
}

/** The result of an earlier reading, if this one would have the same: `undefined` when it may not. */
async function readUnchanged(
  job: ReadJob,
  { table, whole }: EarlierReading,
  known: KnownFiles,
  signal?: AbortSignal,
): Promise<ReadResult | undefined> {
  if (whole === undefined || whole.job !== JSON.stringify(job)) return undefined;
  const { directories, result } = whole;
  if (!(await isUnchanged({ known, directories }, job, signal))) return undefined;
  return { ...result, table, directories, filesRead: 0 };
}

async function isUnchanged(reading: CheckedReading, job: ReadJob, signal?: AbortSignal): Promise<boolean> {
  const control = createControl();
  const files = reading.known.table.length;
  // This thread is one.
  const most = helpersFor(files, WORTH_A_HELPER_KNOWN);
  const count = files < WORTH_A_THREAD && !hasLooked ? Math.min(most, warmThreads()) : most;
  hasLooked = true;
  const helpers = Array.from({ length: count }, () => {
    const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
    finished.catch(() => undefined);
    const listener = { onAnswer: () => undefined, onCrash: reject, onFinished: resolve };
    return { task: startTask({ type: "check", reading, job, control }, listener), finished };
  });
  try {
    await checkInTurns(reading, job, control, signal);
    // One that has not even started finds nothing left to do.
    if (Atomics.load(control.slots, BUSY) > 0) await Promise.all(helpers.map(({ finished }) => finished));
    return Atomics.load(control.slots, STOP) === 0;
  } finally {
    Atomics.store(control.slots, STOP, 1);
    for (const { task } of helpers) task.unref();
  }
}

/**
 * Reads the tree in threads of its own: one walks and leads, others help to digest. Aborting ends them at once.
 *
 * @param known what an earlier reading found: files that still look the same are not read again
 */
function readNow(job: ReadJob, known?: KnownFiles, signal?: AbortSignal): Promise<ReadResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadResult>();
  const tasks: RunningTask[] = [];
  const control = createControl();
  const reading = new AbortController();
  let looking: Promise<void> | undefined;
  /** One that was there before the tree was walked. */
  let hasHelp = false;
  const start = (task: Task, transfer?: readonly MessagePort[]): void => {
    tasks.push(startTask(task, { onAnswer, onCrash: reject }, transfer));
  };
  const onAnswer = (answer: Answer): void => {
    if (answer.type === "done") resolve(answer.result);
    else if (answer.type === "failed") reject(fromThreadError(answer.error));
    else if (answer.type === "walked") void getHelp(answer.walked);
    else if (answer.type === "ahead") {
      hasHelp = true;
      start({ type: "help-ahead", job, control, leader: answer.leader }, [answer.leader]);
    }
  };
  const getHelp = async (walked: WalkedShare): Promise<void> => {
    await looking;
    if (reading.signal.aborted) return;
    const files = walked.known ? countUnseen(walked.table, walked.known) : walked.table.length;
    const count = helpersFor(files, job.digests === "coarse" ? WORTH_A_HELPER_LISTING : WORTH_A_HELPER);
    for (let i = hasHelp ? 1 : 0; i < count; i++) start({ type: "help", job, control, walked });
  };
  const onAbort = (): void => reject(signal!.reason);

  if (signal?.aborted) return Promise.reject(signal.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  const channels = Array.from(
    // This thread is one.
    { length: Math.max(helpersFor(known?.table.length ?? 0, WORTH_A_HELPER_KNOWN) - 1, 0) },
    () => new MessageChannel(),
  );
  const helpers = channels.map(({ port1 }) => port1);
  // A rule of Git's may take back what was walked.
  const isFinal = job.digests === "all" && job.ignore.syntax === "docker";
  const mayAskAhead = known === undefined && isFinal && availableParallelism() > 1;
  start({ type: "read", job, control, known, helpers, mayAskAhead }, helpers);
  for (const { port2: leader } of channels)
    start({ type: "look-ahead", job, control, known: known!, leader }, [leader]);
  if (known) looking = lookAheadInTurns(known, job, control, reading.signal);
  return promise
    .catch(async (error: unknown) => {
      reading.abort();
      await Promise.all(tasks.map((task) => task.cancel()));
      throw error;
    })
    .finally(() => {
      reading.abort();
      signal?.removeEventListener("abort", onAbort);
    });
}
