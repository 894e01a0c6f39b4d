import type { Logger } from "pino";
import { asError } from "../errors.ts";

/** Builds that run at the same time unless told otherwise: more of them only slow each other down on one engine. */
const DEFAULT_CONCURRENCY = 2;

/** Runs one build to its end; must not throw. */
export type RunBuild = (buildId: string, signal: AbortSignal) => Promise<void>;

/**
 * Lets builds run a few at a time, in the order they came. The store is the queue: this only knows the ids, and a
 * restart fills it again from there. It is bounded by the builds that the store holds as waiting.
 */
export class BuildQueue {
  readonly #run: RunBuild;
  readonly #log: Logger;
  readonly #concurrency: number;
  readonly #waiting: string[] = [];
  readonly #running = new Map<string, { controller: AbortController; ended: Promise<void> }>();
  #isStopped = false;

  constructor(run: RunBuild, log: Logger, concurrency = DEFAULT_CONCURRENCY) {
    this.#run = run;
    this.#log = log;
    this.#concurrency = concurrency;
  }

  /** Puts a build at the end of the queue. */
  add(buildId: string): void {
    this.#waiting.push(buildId);
    this.#fill();
  }

  /** Stops a build that runs; one that waits is skipped by its status when its turn comes. */
  abort(buildId: string, reason: Error): void {
    this.#running.get(buildId)?.controller.abort(reason);
    const index = this.#waiting.indexOf(buildId);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Stops all that runs and takes nothing new. Resolves when the last one has ended. */
  async stop(reason: Error): Promise<void> {
    this.#isStopped = true;
    this.#waiting.length = 0;
    for (const { controller } of this.#running.values()) controller.abort(reason);
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  #fill(): void {
    while (!this.#isStopped && this.#running.size < this.#concurrency) {
      const buildId = this.#waiting.shift();
      if (buildId === undefined) return;
      const controller = new AbortController();
      const ended = this.#run(buildId, controller.signal)
        .catch((error: unknown) => this.#log.error({ err: asError(error), buildId }, "build worker failed"))
        .finally(() => {
          this.#running.delete(buildId);
          this.#fill();
        });
      this.#running.set(buildId, { controller, ended });
    }
  }
}
