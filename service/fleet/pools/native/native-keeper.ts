import { Backoff, Semaphore } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import { asError } from "../../../errors.ts";
import type { NativeGenerationRow } from "../../../store/native-generations.ts";
import { classifyFailure, type MemberFailure } from "../../guests/start-failure.ts";
import { passNative, wantedNative, type NativePassDeps } from "./native-pass.ts";

/** Pools that are worked on at the same time. */
const POOLS_AT_ONCE = 4;
/** A pool is looked at this often though nothing is told of it; and more often while something is under way. */
const LOOK_EVERY_MS = 15_000;
const LOOK_WHILE_UNDER_WAY_MS = 2_000;
/** However much happens, the host is asked for whole lists on behalf of a pool no more often than this. */
const LIST_EVERY_MS = 1_500;
/** What no record knows is looked for this often. */
const SWEEP_EVERY_MS = 60_000;
/** Pauses before what has failed is tried again. */
const RETRY_MS = { first: 1_000, most: 60_000 };

/** What is kept for other programs, as a pool's own worker sees it. */
export interface NativeSide {
  /** A pool was looked at, and may be otherwise than before. */
  note(poolId: string): void;
  /** Why it is not as it should be. */
  failureOf(poolId: string): Pick<MemberFailure, "reason" | "message"> | undefined;
  /** Nothing is left of it that could be claimed. */
  isDrained(poolId: string): boolean;
}

/** What the keeper needs. */
export interface NativeKeeperDeps extends Omit<NativePassDeps, "onEvent"> {
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** The failure of a pool is another one, or whether it is drained. */
  readonly onChange: (poolId: string) => void;
}

/** What is known of a pool beside what the store has. */
interface Work {
  /** The pass that runs, and whether another is to follow. */
  running?: Promise<void> | undefined;
  isWanted: boolean;
  timer?: NodeJS.Timeout | undefined;
  failure?: MemberFailure | undefined;
  error?: Error | undefined;
  /** When the host was asked for whole lists last, by `performance.now()`. */
  listedAtMs: number;
  isDrained: boolean;
  readonly backoff: Backoff;
}

/** Keeps pools for other programs: one pass after the other for each pool, woken by what happens to it. */
export class NativeKeeper implements NativeSide {
  readonly #deps: NativeKeeperDeps;
  readonly #work = new Map<string, Work>();
  readonly #slots = new Semaphore(POOLS_AT_ONCE);
  #following: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;

  constructor(deps: NativeKeeperDeps) {
    this.#deps = deps;
  }

  /** Takes up what an earlier process has left. */
  start(): void {
    const { native, generations, log, stopping } = this.#deps;
    const rows = generations.all();
    nameLeftovers(
      rows.filter(({ place }) => place !== native.place),
      log,
    );
    if (!native.isOn && rows.every(({ place }) => place !== native.place)) return;
    stopping.addEventListener("abort", () => this.#stop(), { once: true });
    this.#following = native.follow((objectName) => this.#hear(objectName), stopping);
    this.#sweepTimer = setInterval(() => this.#sweepSoon(), SWEEP_EVERY_MS);
    for (const poolId of generations.pools()) this.note(poolId);
  }

  note(poolId: string): void {
    const { stopping, pools, generations, native } = this.#deps;
    if (stopping.aborted || this.#following === undefined) return;
    if (!this.#work.has(poolId)) {
      const isConcerned = wantedNative(pools.get(poolId), native.isOn).state !== "gone";
      if (!isConcerned && generations.ofPool(poolId).length === 0) return;
      this.#work.set(poolId, {
        isWanted: false,
        isDrained: false,
        listedAtMs: -Infinity,
        backoff: new Backoff(RETRY_MS),
      });
    }
    const work = this.#work.get(poolId)!;
    work.isWanted = true;
    work.running ??= this.#run(poolId, work).finally(() => (work.running = undefined));
  }

  failureOf(poolId: string): MemberFailure | undefined {
    return this.#work.get(poolId)?.failure;
  }

  isDrained(poolId: string): boolean {
    const { generations, native } = this.#deps;
    const rows = generations.ofPool(poolId).filter(({ place }) => place === native.place);
    if (!native.isOn || rows.length === 0) return true;
    return native.isKnown && rows.every((row) => isEmpty(native.observe(row.objectName), row));
  }

  /** Waits until nothing is under way any more; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.all([this.#following, this.#sweeping, ...[...this.#work.values()].map(({ running }) => running)]);
  }

  #hear(objectName: string | undefined): void {
    const { generations } = this.#deps;
    if (objectName === undefined) {
      for (const poolId of new Set([...this.#work.keys(), ...generations.pools()])) this.note(poolId);
      this.#sweepSoon();
      return;
    }
    const poolId = generations.poolOf(objectName);
    if (poolId !== undefined) this.note(poolId);
  }

  #sweepSoon(): void {
    const { native, stopping } = this.#deps;
    if (stopping.aborted || !native.isKnown) return;
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined));
  }

  /** Takes away what no record knows: of a store that was restored from a backup, say. */
  async #sweep(): Promise<void> {
    const { native, generations, log, stopping } = this.#deps;
    for (const objectName of native.names()) {
      if (generations.poolOf(objectName) !== undefined) continue;
      try {
        if (await native.hasClaims(objectName, stopping)) continue;
        log.warn({ objectName }, "takes away what is kept for other programs and no record knows");
        await native.remove(objectName, stopping);
      } catch (error) {
        if (stopping.aborted) return;
        log.warn({ objectName, err: asError(error) }, "what no record knows could not be taken away; trying again");
      }
    }
  }

  async #run(poolId: string, work: Work): Promise<void> {
    const { stopping } = this.#deps;
    while (work.isWanted && !stopping.aborted) {
      work.isWanted = false;
      clearTimeout(work.timer);
      const waitMs = await this.#slots.run(stopping, () => this.#pass(poolId, work)).catch(() => null);
      if (waitMs === null || stopping.aborted) return;
      work.timer = setTimeout(() => this.note(poolId), waitMs);
    }
  }

  /** @returns after how long the pool is to be looked at again; `null`: never, unless something happens to it */
  async #pass(poolId: string, work: Work): Promise<number | null> {
    const { native, log, stopping } = this.#deps;
    if (!native.isKnown) {
      this.#tell(poolId, work, native.problem);
      return LOOK_EVERY_MS;
    }
    try {
      const deps = { ...this.#deps, onEvent: (id: string, line: string) => log.info({ poolId: id }, line) };
      const mayList = performance.now() - work.listedAtMs >= LIST_EVERY_MS;
      if (mayList) work.listedAtMs = performance.now();
      const options = { signal: stopping, mayList, failure: work.error };
      const { failure, isUnderWay, isOver } = await passNative(deps, poolId, options);
      work.backoff.reset();
      this.#tell(poolId, work, failure);
      if (!isOver) return isUnderWay ? LOOK_WHILE_UNDER_WAY_MS : LOOK_EVERY_MS;
      // Noted meanwhile: then it is looked at once more.
      if (!work.isWanted) this.#work.delete(poolId);
      return null;
    } catch (error) {
      if (stopping.aborted) return null;
      this.#tell(poolId, work, asError(error));
      return work.backoff.next();
    }
  }

  #tell(poolId: string, work: Work, error: Error | undefined): void {
    const { log, onChange } = this.#deps;
    const [before, wasDrained] = [work.failure, work.isDrained];
    work.error = error;
    work.failure = error && classifyFailure(error);
    work.isDrained = this.isDrained(poolId);
    const isNews = before?.message !== work.failure?.message;
    if (isNews && work.failure !== undefined) {
      log.warn({ poolId, reason: work.failure.reason }, `what is kept for other programs: ${work.failure.message}`);
    } else if (isNews) log.info({ poolId }, "what is kept for other programs is as it should be");
    if (isNews || wasDrained !== work.isDrained) onChange(poolId);
  }

  #stop(): void {
    clearInterval(this.#sweepTimer);
    for (const { timer } of this.#work.values()) clearTimeout(timer);
  }
}

/** Tells of what this start cannot take away. */
export function nameLeftovers(rows: readonly NativeGenerationRow[], log: Logger): void {
  for (const { place, objectName, poolId } of rows) {
    const command = `kubectl delete sandboxwarmpool,sandboxtemplate ${objectName} --namespace ${place}`;
    log.warn(
      { poolId },
      `an earlier start has kept ${objectName} for other programs where this one has no machines; once nobody needs it: ${command}`,
    );
  }
}

function isEmpty(
  seen: { members: number; isSettled: boolean } | undefined,
  { replicas }: NativeGenerationRow,
): boolean {
  return seen === undefined || (replicas === 0 && seen.members === 0 && seen.isSettled);
}
