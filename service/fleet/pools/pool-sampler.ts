import type { Logger } from "pino";
import { asError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { writeIfRoom } from "../../store/disk-room.ts";
import {
  addPoolSample,
  countPoolMembers,
  lastPoolSamples,
  poolSampleBehind,
  trimPoolSamples,
  type NumberedSample,
} from "../../store/pool-samples.ts";

/** Pools are counted this often; what comes and goes in between is not seen. */
export const SAMPLE_EVERY_MS = 60_000;

/** A pool in which nothing changes is recorded this seldom: by that it is told from a service that did not run. */
export const SAMPLE_AT_LEAST_EVERY_MS = 15 * 60_000;

/** Samples are kept for so long, */
export const KEEP_SAMPLES_MS = 48 * 60 * 60_000;
/** and so many at most, of all pools: some 60 MiB. */
const MAX_SAMPLES = 1_000_000;

/** Forgotten at a time. */
const TRIM_STEP = 5_000;

/** How many times between two looks at how many there are. */
const COUNT_EVERY = 60;

/** What the sampler needs. */
export interface PoolSamplerDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/**
 * Records how many members each pool has, once a minute, for whoever looks at the last hours later. A row is written when
 * something has changed, and from time to time; none on a full disk. It counts what the store knows, in one question for all
 * pools, so no claim or start waits for it.
 */
export class PoolSampler {
  readonly #deps: PoolSamplerDeps;
  /** What was recorded last, by pool. */
  #last: Map<number, NumberedSample> | undefined;
  #runs = 0;
  /** Up to this moment there were more of them than are kept. */
  #beyondMs = 0;

  constructor(deps: PoolSamplerDeps) {
    this.#deps = deps;
  }

  /** Samples now and then every minute, until the service stops. */
  start(): void {
    const { stopping } = this.#deps;
    const timer = setInterval(() => this.sample(Date.now()), SAMPLE_EVERY_MS).unref();
    stopping.addEventListener("abort", () => clearInterval(timer), { once: true });
    this.sample(Date.now());
  }

  /** Counts the pools once. What fails is tried again a minute later. @returns how many samples were recorded */
  sample(nowMs: number): number {
    const { log, stopping } = this.#deps;
    if (stopping.aborted) return 0;
    try {
      return this.#record(nowMs);
    } catch (error) {
      log.warn({ err: asError(error) }, "the pools could not be counted; trying again");
      return 0;
    }
  }

  #record(nowMs: number): number {
    const { db } = this.#deps;
    // After a restart it goes on where it stopped.
    this.#last ??= new Map(lastPoolSamples(db).map((sample) => [sample.poolSeq, sample]));
    const last = this.#last;
    const counted = countPoolMembers(db, nowMs);
    const due = new Set(counted.filter((sample) => isNews(sample, last.get(sample.poolSeq))));
    const isWritten = writeIfRoom(db, () => {
      for (const sample of due) addPoolSample(db, sample);
      this.#trim(nowMs);
    });
    if (!isWritten) return 0;
    this.#last = new Map(
      counted.map((sample) => [sample.poolSeq, due.has(sample) ? sample : last.get(sample.poolSeq)!]),
    );
    return due.size;
  }

  #trim(nowMs: number): void {
    const { db } = this.#deps;
    if (this.#runs++ % COUNT_EVERY === 0) this.#beyondMs = poolSampleBehind(db, MAX_SAMPLES) ?? 0;
    trimPoolSamples(db, {
      before: Math.max(nowMs - KEEP_SAMPLES_MS, this.#beyondMs),
      after: nowMs + SAMPLE_EVERY_MS,
      limit: TRIM_STEP,
    });
  }
}

function isNews(now: NumberedSample, before: NumberedSample | undefined): boolean {
  if (before === undefined || before.atMs > now.atMs) return true;
  return (
    now.atMs - before.atMs >= SAMPLE_AT_LEAST_EVERY_MS ||
    now.floor !== before.floor ||
    now.ready !== before.ready ||
    now.warming !== before.warming ||
    now.claimed !== before.claimed
  );
}
