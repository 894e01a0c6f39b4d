import { Worker } from "node:worker_threads";

/**
 * Starts a thread on one of this package's modules, given relative to the caller: `.ts` when we run from sources, `.js`
 * when we run from `dist`. The flags of the process (loaders, hooks, inspectors) are not passed on; ours needs none.
 */
export function startThread(name: string, base: string, workerData: unknown): Worker {
  const extension = base.endsWith(".ts") ? ".ts" : ".js";
  return new Worker(new URL(`${name}${extension}`, base), { workerData, execArgv: [] });
}
