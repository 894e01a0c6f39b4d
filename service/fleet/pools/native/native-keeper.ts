import { Backoff, pauseUnless, Semaphore } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import { asError, ServiceError } from "../../../errors.ts";
import type { NativeGenerationRow } from "../../../store/native-generations.ts";
import { PermissionMissingError } from "../../guests/driver-errors.ts";
import { classifyFailure, type MemberFailure } from "../../guests/start-failure.ts";
import type { NativeObserver } from "./native-observer.ts";
import { passNative, wantedNative, type NativePassDeps } from "./native-pass.ts";
import { nativeStatus, type NativeFailure, type NativeStatus } from "./native-status.ts";

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
/** Whatever happens to a pool, it is not looked at again before: what comes at once is looked at together. */
const CALM_MS = 100;
/** After a failure that is longer: what happens meanwhile, and may be caused by it, must not make up for the pause. */
const CALM_AFTER_FAILURE_MS = 5_000;

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
  /** Are told what fails. @default nobody is */
  readonly observers?: readonly NativeObserver[] | undefined;
}

/** What is known of a pool beside what the store has. */
interface Work {
  /** The passes that run, and whether another is to follow. */
  running: Promise<void>;
  isRunning: boolean;
  isWanted: boolean;
  timer?: NodeJS.Timeout | undefined;
  failure?: MemberFailure | undefined;
  error?: Error | undefined;
  /** When the host was asked for whole lists last, by `performance.now()`. */
  listedAtMs: number;
  isDrained: boolean;
  /** The last look ended with an error. */
  hasFailed: boolean;
  /** It is not looked at before, by `performance.now()`. */
  calmUntilMs: number;
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
    for (const poolId of generations.pools(native.place)) this.note(poolId);
  }

  note(poolId: string): void {
    const { stopping, pools, generations, native } = this.#deps;
    if (stopping.aborted || this.#following === undefined) return;
    if (!this.#work.has(poolId)) {
      const isConcerned = wantedNative(pools.get(poolId), native.isOn).state !== "gone";
      if (!isConcerned && generations.ofPool(poolId, native.place).length === 0) return;
      this.#work.set(poolId, {
        running: Promise.resolve(),
        isRunning: false,
        isWanted: false,
        isDrained: false,
        hasFailed: false,
        calmUntilMs: -Infinity,
        listedAtMs: -Infinity,
        backoff: new Backoff(RETRY_MS),
      });
    }
    const work = this.#work.get(poolId)!;
    work.isWanted = true;
    if (!work.isRunning) work.running = this.#run(poolId, work);
  }

  failureOf(poolId: string): MemberFailure | undefined {
    // What is only to be taken away is no fault of the pool.
    return this.#deps.native.isOn ? this.#work.get(poolId)?.failure : undefined;
  }

  isDrained(poolId: string): boolean {
    const { generations, native } = this.#deps;
    const rows = generations.ofPool(poolId, native.place);
    if (!native.isOn || rows.length === 0) return true;
    return native.isKnown && rows.every((row) => isEmpty(native.observe(row.objectName), row));
  }

  /** Whether what is told of members is what there is. */
  get isKnown(): boolean {
    return this.#deps.native.isKnown;
  }

  /** What is kept of a pool for other programs; `undefined`: nothing is, and nothing is wanted. */
  statusOf(poolId: string): NativeStatus | undefined {
    const { pools, generations, native } = this.#deps;
    const pool = pools.get(poolId);
    const wanted = wantedNative(pool, native.isOn);
    const rows = generations.ofPool(poolId, native.place);
    if (wanted.state === "gone" && rows.length === 0) return undefined;
    const error = this.#work.get(poolId)?.error;
    return nativeStatus({ poolId, name: pool?.name ?? poolId }, wanted, rows, native, error && explained(error));
  }

  /** Pools of which anything is kept, or is to be. */
  poolIds(): string[] {
    const { generations, native } = this.#deps;
    return [...new Set([...this.#work.keys(), ...generations.pools(native.place)])];
  }

  /** Waits until nothing is under way any more; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.all([this.#following, this.#sweeping, ...[...this.#work.values()].map(({ running }) => running)]);
  }

  #hear(objectName: string | undefined): void {
    const { generations, native } = this.#deps;
    if (objectName === undefined) {
      for (const poolId of new Set([...this.#work.keys(), ...generations.pools(native.place)])) this.note(poolId);
      this.#sweepSoon();
      return;
    }
    const poolId = generations.poolOf(objectName, native.place);
    if (poolId !== undefined) this.note(poolId);
    else this.#sweepSoon();
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
      if (generations.poolOf(objectName, native.place) !== undefined) continue;
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
    const { stopping, log } = this.#deps;
    work.isRunning = true;
    try {
      // Between the last look at what is wanted and the end nothing else happens: no wish is lost.
      while (work.isWanted && !stopping.aborted) {
        const calmMs = work.calmUntilMs - performance.now();
        if (calmMs > 0) await pauseUnless(calmMs, stopping);
        work.isWanted = false;
        clearTimeout(work.timer);
        const waitMs = await this.#slots.run(stopping, () => this.#pass(poolId, work));
        const restMs = work.hasFailed ? CALM_AFTER_FAILURE_MS : CALM_MS;
        work.calmUntilMs = performance.now() + Math.min(restMs, waitMs ?? 0);
        if (work.isWanted || stopping.aborted) continue;
        if (waitMs === null) this.#work.delete(poolId);
        else this.#noteIn(waitMs, poolId, work);
      }
    } catch (error) {
      if (stopping.aborted) return;
      log.error(
        { poolId, err: asError(error) },
        "what is kept for other programs could not be looked at; trying again",
      );
      this.#noteIn(LOOK_EVERY_MS, poolId, work);
    } finally {
      work.isRunning = false;
    }
  }

  #noteIn(waitMs: number, poolId: string, work: Work): void {
    work.timer = setTimeout(() => this.note(poolId), waitMs);
  }

  /** @returns after how long the pool is to be looked at again; `null`: never, unless something happens to it */
  async #pass(poolId: string, work: Work): Promise<number | null> {
    const { native, pools, log, stopping } = this.#deps;
    work.hasFailed = false;
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
      if (isOver) return null;
      return isUnderWay && failure === undefined ? LOOK_WHILE_UNDER_WAY_MS : LOOK_EVERY_MS;
    } catch (error) {
      if (stopping.aborted) return null;
      const failure = asError(error);
      this.#tell(poolId, work, failure);
      const name = pools.get(poolId)?.name ?? poolId;
      for (const observer of this.#deps.observers ?? []) observer.failed(name, explained(failure).reason);
      work.hasFailed = true;
      return work.backoff.next();
    }
  }

  #tell(poolId: string, work: Work, error: Error | undefined): void {
    const { generations, native, log, onChange } = this.#deps;
    const [before, wasDrained] = [work.failure, work.isDrained];
    work.error = error;
    work.failure = error && classifyFailure(error);
    work.isDrained = this.isDrained(poolId);
    const isNews = before?.message !== work.failure?.message;
    if (isNews && work.failure !== undefined) {
      log.warn({ poolId, reason: work.failure.reason }, `what is kept for other programs: ${work.failure.message}`);
      if (!native.isOn) nameLeftovers(generations.ofPool(poolId, native.place), log);
    } else if (isNews) log.info({ poolId }, "what is kept for other programs is as it should be");
    if (isNews || wasDrained !== work.isDrained) onChange(poolId);
  }

  #stop(): void {
    clearInterval(this.#sweepTimer);
    for (const { timer } of this.#work.values()) clearTimeout(timer);
  }
}

function explained(error: Error): NativeFailure {
  const { reason, engineAway, message } = classifyFailure(error);
  const action = error instanceof ServiceError ? error.suggestedAction : undefined;
  if (error instanceof PermissionMissingError) return { reason: "forbidden", degradedReason: reason, message, action };
  return { reason: engineAway ? "unavailable" : reason, degradedReason: reason, message, action };
}

/** Tells of what this start cannot take away. */
export function nameLeftovers(rows: readonly NativeGenerationRow[], log: Logger): void {
  for (const { place, objectName, poolId } of rows) {
    const command = `kubectl delete sandboxwarmpool,sandboxtemplate ${objectName} --namespace ${place}`;
    log.warn(
      { poolId },
      `an earlier start has kept ${objectName} for other programs, and this one cannot take it away; once nobody needs it: ${command}`,
    );
  }
}

function isEmpty(
  seen: { members: number; isSettled: boolean } | undefined,
  { replicas }: NativeGenerationRow,
): boolean {
  return seen === undefined || (replicas === 0 && seen.members === 0 && seen.isSettled);
}
