import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import { asError } from "../errors.ts";
import { BuildRun, type QueuedBuild } from "./build-run.ts";

/**
 * Runs builds to their end; must not throw.
 *
 * @returns those of them that are to run again, in the order in which they came
 */
export type RunBuilds = (run: BuildRun) => Promise<readonly QueuedBuild[]>;

/** The waiting builds of one template. */
interface TemplateQueue {
  readonly waiting: QueuedBuild[];
  running: number;
  /** Queues take turns: the smallest is next, and goes to the end when a build of it starts. */
  turn: number;
}

/** Settings of {@link BuildQueue}. */
export interface BuildQueueOptions {
  /**
   * Runs at the same time.
   *
   * @default as many as there are processors
   */
  concurrency?: number;
  /** A build has joined a run that is under way. */
  onJoin: (run: BuildRun, buildId: string) => void;
  log: Logger;
}

/**
 * Lets builds run a few at a time, fairly: a place goes to the template with the fewest runs under way; among those with
 * equally many they take turns, and the builds of one template run in the order they came. So one build never waits for a
 * row of builds of another template. Builds that make the same run as one: whoever comes while such a run is under way
 * joins it, and takes no place.
 *
 * The store is the queue: this only knows the ids, and a restart fills it again from there. It is bounded by the builds
 * that the store holds as waiting.
 */
export class BuildQueue {
  readonly #runBuilds: RunBuilds;
  readonly #options: BuildQueueOptions;
  readonly #concurrency: number;
  readonly #queues = new Map<number, TemplateQueue>();
  readonly #running = new Map<BuildRun, Promise<void>>();
  #turn = 0;
  #isStopped = false;

  constructor(run: RunBuilds, options: BuildQueueOptions) {
    this.#runBuilds = run;
    this.#options = options;
    this.#concurrency = options.concurrency ?? availableParallelism();
  }

  /** Puts a build at the end of its template's row, or into the run that makes the same. */
  add(build: QueuedBuild): void {
    if (this.#isStopped) return;
    const run = this.#runOf(build);
    if (run !== undefined) {
      this.#joinRun(run, build);
      return;
    }
    this.#queueOf(build.templateKey).waiting.push(build);
    this.#fill();
  }

  /** Takes a build out: of its row, or of its run, which ends with its last member. */
  abort(buildId: string, reason: Error): void {
    for (const [key, queue] of this.#queues) {
      const index = queue.waiting.findIndex((build) => build.buildId === buildId);
      if (index >= 0) queue.waiting.splice(index, 1);
      this.#dropIfEmpty(key, queue);
    }
    for (const run of this.#running.keys()) run.leave(buildId, reason);
  }

  /** Stops all that runs and takes nothing new. Resolves when the last run has ended. */
  async stop(reason: Error): Promise<void> {
    this.#isStopped = true;
    this.#queues.clear();
    for (const run of this.#running.keys()) run.abort(reason);
    await Promise.all(this.#running.values());
  }

  #fill(): void {
    while (!this.#isStopped && this.#running.size < this.#concurrency) {
      const next = this.#nextQueue();
      if (next === undefined) return;
      const [key, queue] = next;
      queue.turn = ++this.#turn;
      queue.running += 1;
      const first = queue.waiting.shift() as QueuedBuild;
      const run = new BuildRun(first);
      for (const build of this.#takeSame(first)) run.join(build);
      const ended = this.#runBuilds(run)
        .catch((error: unknown) => {
          this.#options.log.error({ err: asError(error), buildId: first.buildId }, "build worker failed");
          return [];
        })
        .then((again) => {
          run.close();
          this.#running.delete(run);
          queue.running -= 1;
          this.#putBack(again);
          this.#dropIfEmpty(key, queue);
          this.#fill();
        });
      this.#running.set(run, ended);
    }
  }

  #nextQueue(): [number, TemplateQueue] | undefined {
    let best: [number, TemplateQueue] | undefined;
    for (const entry of this.#queues) {
      const [, queue] = entry;
      if (queue.waiting.length === 0) continue;
      const isBefore =
        best === undefined ||
        queue.running < best[1].running ||
        (queue.running === best[1].running && queue.turn < best[1].turn);
      if (isBefore) best = entry;
    }
    return best;
  }

  /** Builds that ran already stand before those that never did. */
  #putBack(builds: readonly QueuedBuild[]): void {
    if (this.#isStopped) return;
    for (const build of builds.toReversed()) {
      // Somebody who came when the outcome was known may have begun the same again.
      const run = this.#runOf(build);
      if (run === undefined) this.#queueOf(build.templateKey).waiting.unshift(build);
      else this.#joinRun(run, build);
    }
  }

  #runOf({ joinKey }: QueuedBuild): BuildRun | undefined {
    if (joinKey === undefined) return undefined;
    return [...this.#running.keys()].find((run) => run.isOpen && run.joinKey === joinKey);
  }

  #joinRun(run: BuildRun, build: QueuedBuild): void {
    run.join(build);
    this.#options.onJoin(run, build.buildId);
  }

  #takeSame({ joinKey }: QueuedBuild): QueuedBuild[] {
    if (joinKey === undefined) return [];
    const taken: QueuedBuild[] = [];
    for (const [key, queue] of this.#queues) {
      const same = queue.waiting.filter((build) => build.joinKey === joinKey);
      for (const build of same) queue.waiting.splice(queue.waiting.indexOf(build), 1);
      taken.push(...same);
      this.#dropIfEmpty(key, queue);
    }
    return taken;
  }

  #queueOf(templateKey: number): TemplateQueue {
    let queue = this.#queues.get(templateKey);
    if (queue === undefined) {
      // At the end: a template that sends its builds one by one does not overtake those that wait.
      queue = { waiting: [], running: 0, turn: ++this.#turn };
      this.#queues.set(templateKey, queue);
    }
    return queue;
  }

  #dropIfEmpty(key: number, queue: TemplateQueue): void {
    if (queue.waiting.length === 0 && queue.running === 0 && this.#queues.get(key) === queue) this.#queues.delete(key);
  }
}
