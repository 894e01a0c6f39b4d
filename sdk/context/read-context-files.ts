import { setImmediate } from "node:timers/promises";
import { anyText, check, listOf, whole } from "../arguments/index.ts";
import { Semaphore } from "../concurrency/index.ts";
import { CANCELLABLE, TREE } from "./argument-rules.ts";
import type { ContextTree } from "./build-context.ts";
import { fromThreadError } from "./thread/thread-error.ts";
import { findEntry } from "./table/entry-table.ts";
import { startTask, warmThread, warmThreads } from "./thread/thread-pool.ts";
import { readBriefly } from "./walk/read-briefly.ts";
import type { FileTree } from "./walk/read-file.ts";

const PATHS = listOf(anyText, "paths");

/** Reads at once, the others wait: as many as threads are kept, for to start one takes longer than to read what it is asked. */
const readings = new Semaphore(2);

/**
 * Contents of files of a context, all in memory: for many that are small, which take far less time together than one by
 * one. Each is what {@link openContextFile} would give.
 *
 * @param indices of the files in the tree's table
 * @returns in the order of `indices`
 * @throws ContextError `file_changed`
 * @example
 * ```ts
 * const context = await readContext({ dir: "./app" });
 * const small = context.entries.flatMap(({ type, size }, index) => (type === "file" && size < 4096 ? [index] : []));
 * const contents = await readContextFiles(context, small);
 * ```
 */
export async function readContextFiles(
  context: ContextTree,
  indices: readonly number[],
  options: { signal?: AbortSignal } = {},
): Promise<Uint8Array[]> {
  check("readContextFiles", { context: TREE, options: CANCELLABLE }, { context, options });
  const { root, table, followsLinks } = context;
  check("readContextFiles", { indices: listOf(whole(0, table.length - 1), "indices of entries") }, { indices });
  const { signal } = options;
  signal?.throwIfAborted();
  const tree = { root, table, followLinks: followsLinks };
  const read = await readUntilThread(tree, indices, signal);
  if (read.length === indices.length) return read;
  const rest = await readings.run(signal, () => readInThread(tree, indices.slice(read.length), signal));
  return [...read, ...rest];
}

/** Reads in turns of a few milliseconds until a thread is there: one takes longer to start than many files to read. */
async function readUntilThread(
  tree: FileTree,
  indices: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const read: Uint8Array[] = [];
  while (warmThreads() === 0) {
    const more = readBriefly(tree, indices.slice(read.length));
    read.push(...more);
    if (more.length === 0 || read.length === indices.length) break;
    warmThread();
    await setImmediate();
    signal?.throwIfAborted();
  }
  return read;
}

async function readInThread(
  tree: FileTree,
  indices: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const { table } = tree;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
  const task = startTask(
    { type: "fetch", tree, indices },
    {
      onAnswer(answer) {
        if (answer.type === "failed") reject(fromThreadError(answer.error));
        if (answer.type !== "contents") return;
        let at = 0;
        resolve(indices.map((index) => answer.bytes.subarray(at, (at += table.sizes[index]!))));
      },
      onCrash: reject,
    },
  );
  const onAbort = () => {
    reject(signal!.reason as Error);
    void task.cancel();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * As {@link readContextFiles}, by the paths of files of the context.
 *
 * @example
 * ```ts
 * const context = await readContext({ dir: "./app" });
 * const [manifest, lock] = await readContextPaths(context, ["package.json", "package-lock.json"]);
 * ```
 */
export async function readContextPaths(
  context: ContextTree,
  paths: readonly string[],
  options: { signal?: AbortSignal } = {},
): Promise<Uint8Array[]> {
  check("readContextPaths", { context: TREE, paths: PATHS, options: CANCELLABLE }, { context, paths, options });
  return readContextFiles(
    context,
    paths.map((path) => findEntry(context.table, path)),
    options,
  );
}
