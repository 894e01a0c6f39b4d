import type { Logger } from "pino";
import { asError } from "../../errors.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";
import type { Database } from "../../store/database.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import type { PoolStore } from "../../store/warm-pools.ts";
import { classifyFailure, type MemberFailure } from "../guests/start-failure.ts";
import { recordMemberFailure } from "./failure-streak.ts";
import type { NativeSide } from "./native/native-keeper.ts";
import { ImagePreparation } from "./image-preparation.ts";
import type { Placements } from "../guests/placements.ts";
import { reconcilePool } from "./reconcile-pool.ts";

/** A pool is looked at this often even when nothing happens and nothing is due: events may be lost, timers may drift. */
const LOOK_AT_LEAST_EVERY_MS = 15_000;

/** Pause before members are started again after the engine was away. */
const ENGINE_RETRY_MS = 2_000;

/** What a worker needs. */
export interface PoolWorkerDeps {
  readonly db: Database;
  readonly pools: PoolStore;
  readonly guests: GuestStore;
  readonly runner: GuestRunner;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  readonly placements: Placements;
  /** What is kept for other programs. @default nothing */
  readonly native?: NativeSide;
  /** Checkouts that wait for a member of a pool now. */
  readonly waitingCheckouts: (poolId: string) => number;
  /** Called when a member became claimable. */
  readonly onReady: (poolId: string) => void;
  /** Called when there will never be anything to do again. */
  readonly onOver: (poolId: string) => void;
}

/**
 * The one worker of a pool. Passes run one after the other, never two at a time, whoever asks for them; what takes long
 * (starting, waiting until ready, removing) runs beside them and wakes the worker at its end.
 */
export class PoolWorker {
  readonly #poolId: string;
  readonly #deps: PoolWorkerDeps;
  readonly #images: ImagePreparation;
  #tail: Promise<void> = Promise.resolve();
  #isQueued = false;
  #timer: NodeJS.Timeout | undefined;
  /** On the monotonic clock, which nobody sets. */
  #engineAwayUntilMs = 0;
  readonly #onStop = () => clearTimeout(this.#timer);

  constructor(poolId: string, deps: PoolWorkerDeps) {
    this.#poolId = poolId;
    this.#deps = deps;
    const { runner, log, stopping } = deps;
    this.#images = new ImagePreparation({ poolId, runner, log, stopping, onChange: () => void this.wake() });
    deps.stopping.addEventListener("abort", this.#onStop, { once: true });
  }

  /** Has the pool looked at soon. Calls before that happens count as one. Resolves when it has happened. */
  wake(): Promise<void> {
    if (this.#isQueued || this.#deps.stopping.aborted) return this.#tail;
    this.#isQueued = true;
    this.#tail = this.#tail.then(() => {
      this.#isQueued = false;
      this.#pass(false);
    });
    return this.#tail;
  }

  /**
   * Looks at the pool now, and does not wait for a pause after failures to end. Resolves when the pass is done.
   *
   * @param isEngineAway the engine was found not to answer
   */
  async reconcile(isEngineAway: boolean): Promise<void> {
    this.#engineAwayUntilMs = isEngineAway ? performance.now() + ENGINE_RETRY_MS : 0;
    this.#images.hurry();
    this.#tail = this.#tail.then(() => this.#pass(true));
    await this.#tail;
  }

  /** Waits until no image is being brought anywhere; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await this.#images.settle();
  }

  #pass(isForced: boolean): void {
    const { db, pools, guests, runner, log, stopping, placements, native, waitingCheckouts, onOver } = this.#deps;
    if (stopping.aborted) return;
    const nowMs = Date.now();
    let nextLookAtMs: number | null = nowMs + ENGINE_RETRY_MS;
    let isOver = false;
    try {
      const awayMs = this.#engineAwayUntilMs - performance.now();
      const isEngineAway = awayMs > 0;
      const result = reconcilePool(db, pools, guests, this.#poolId, {
        nowMs,
        isForced,
        isEngineAway,
        waitingCheckouts: waitingCheckouts(this.#poolId),
        images: this.#images,
        placements,
        native: {
          isDrained: native?.isDrained(this.#poolId) ?? true,
          failure: native?.failureOf(this.#poolId),
        },
      });
      native?.note(this.#poolId);
      this.#images.want(result.awaitedImage);
      isOver = result.isOver;
      nextLookAtMs = isEngineAway ? nowMs + awayMs : result.nextLookAtMs;
      for (const line of result.events) log.info({ poolId: this.#poolId }, line);
      for (const guest of result.members) {
        if (guest.state === "terminating") void runner.takeDown(guest);
        else if (guest.state === "warming" && !isEngineAway && !runner.isRising(guest.guestId)) void this.#warm(guest);
      }
    } catch (error) {
      log.error({ poolId: this.#poolId, err: asError(error) }, "a warm pool could not be reconciled; trying again");
    }
    clearTimeout(this.#timer);
    if (!isOver) return this.#lookAgain(nextLookAtMs);
    stopping.removeEventListener("abort", this.#onStop);
    onOver(this.#poolId);
  }

  async #warm(guest: Guest): Promise<void> {
    const { guests, runner, log, onReady } = this.#deps;
    try {
      await runner.bringUp(guest);
      if (guests.markReady(guest.guestId, Date.now())) onReady(this.#poolId);
    } catch (thrown) {
      if (runner.isStopped(guest.guestId)) return;
      const failure = classifyFailure(asError(thrown));
      log.warn({ poolId: this.#poolId, guestId: guest.guestId, reason: failure.reason }, failure.message);
      // Nothing is wrong with the member: it stays, and its start is tried again.
      if (failure.engineAway) this.#engineAwayUntilMs = performance.now() + ENGINE_RETRY_MS;
      else this.#recordFailure(guest, failure);
    } finally {
      void this.wake();
    }
  }

  #recordFailure({ guestId }: Guest, failure: MemberFailure): void {
    const { db, pools, guests, log } = this.#deps;
    try {
      recordMemberFailure(db, pools, guests, guestId, ["warming"], failure, Date.now());
    } catch (error) {
      // It still counts as warming, so it is started again, after a while.
      this.#engineAwayUntilMs = performance.now() + ENGINE_RETRY_MS;
      log.error({ poolId: this.#poolId, guestId, err: asError(error) }, "a member's failure could not be recorded");
    }
  }

  #lookAgain(atMs: number | null): void {
    const waitMs = Math.min(LOOK_AT_LEAST_EVERY_MS, Math.max(0, (atMs ?? Infinity) - Date.now()));
    this.#timer = setTimeout(() => void this.wake(), waitMs);
  }
}
