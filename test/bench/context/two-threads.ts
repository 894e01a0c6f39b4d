import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { BARE_CALLS } from "./bare-calls.ts";

/** Makes the bare calls in two threads, half of them in each: this one, and one that runs already. */
export class TwoThreads {
  readonly #mine: readonly string[];
  readonly #worker: Worker;

  constructor(paths: readonly string[]) {
    const half = paths.length >> 1;
    this.#mine = paths.slice(0, half);
    this.#worker = new Worker(new URL("./bare-thread.ts", import.meta.url), { workerData: paths.slice(half) });
    this.#worker.unref();
  }

  async run(call: keyof typeof BARE_CALLS): Promise<void> {
    this.#worker.ref();
    const done = once(this.#worker, "message");
    this.#worker.postMessage(call);
    BARE_CALLS[call](this.#mine);
    await done;
    this.#worker.unref();
  }

  end(): Promise<number> {
    return this.#worker.terminate();
  }
}
