import { asError } from "../../errors.ts";
import type { ClaimTraffic } from "../guests/claim-traffic.ts";
import type { GuestWatch } from "../guests/guest-watch.ts";
import type { Guest } from "../../store/guests.ts";
import type { TemplateEvents } from "../../templates/events.ts";
import { PoolWorker, type PoolWorkerDeps } from "./pool-worker.ts";
import { recordMemberFailure } from "./failure-streak.ts";
import { WaitingCheckouts } from "./waiting-checkouts.ts";

/** What the controller needs. */
export interface PoolControllerDeps extends Omit<PoolWorkerDeps, "waitingCheckouts" | "onReady" | "onOver"> {
  readonly events: TemplateEvents;
  readonly watch: GuestWatch;
  readonly traffic: ClaimTraffic;
  /** What starts and ends machines takes the processors that claims need, too. */
  readonly sharesHost: boolean;
}

/** The workers of all pools, and what wakes them: changed pools, moved tags, dead members, waiting checkouts. */
export class PoolController {
  readonly #deps: PoolControllerDeps;
  readonly #workers = new Map<string, PoolWorker>();
  readonly #waiting: WaitingCheckouts;
  /** Pools that are looked at when the claims have passed. */
  readonly #refilling = new Set<string>();

  constructor(deps: PoolControllerDeps) {
    this.#deps = deps;
    this.#waiting = new WaitingCheckouts((poolId) => deps.guests.hasReady(poolId), deps.stopping);
  }

  /** Pools with a worker. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Takes up every pool that has anything to do. */
  start(): void {
    const { pools, guests, events, stopping } = this.#deps;
    const unsubscribe = events.subscribe(() => this.wakeAll());
    stopping.addEventListener("abort", unsubscribe, { once: true });
    stopping.addEventListener("abort", () => this.#waiting.endAll(), { once: true });
    for (const { poolId, state } of pools.list(["enabled", "disabled", "draining", "deleted"])) {
      if (state !== "deleted" || guests.members(poolId).length > 0) void this.wake(poolId);
    }
  }

  /** Has a pool looked at soon. Resolves when that has happened. */
  async wake(poolId: string): Promise<void> {
    // A waiting checkout may have to give up because the pool was disabled.
    this.#waiting.reconsider(poolId);
    await this.#worker(poolId).wake();
  }

  /** A member was claimed: the pool is looked at when the claims that come with it have been served. */
  async noteClaim(poolId: string): Promise<void> {
    const { traffic, stopping } = this.#deps;
    traffic.note();
    if (this.#refilling.has(poolId)) return;
    this.#refilling.add(poolId);
    try {
      await this.letClaimsPass(poolId, stopping);
      await this.#worker(poolId).wake();
    } catch (error) {
      if (!stopping.aborted) throw error;
    } finally {
      this.#refilling.delete(poolId);
    }
  }

  /**
   * Waits until a start or a removal is in no claim's way. A claim that waits for a member is not kept waiting.
   *
   * @param poolId the pool that gains by it; null when none does
   */
  async letClaimsPass(poolId: string | null, signal: AbortSignal): Promise<void> {
    if (!this.#deps.sharesHost) return;
    if (poolId === null || this.#waiting.count(poolId) === 0) await this.#deps.traffic.untilQuiet(signal);
  }

  /** Waits until no image is being brought anywhere; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.settle()));
  }

  /** Has every pool looked at soon. */
  wakeAll(): void {
    for (const poolId of this.#workers.keys()) void this.wake(poolId);
  }

  /** One pass over a pool now, after a look at what lives. Resolves when it is done. */
  async reconcile(poolId: string): Promise<void> {
    const worker = this.#worker(poolId);
    let isAway = false;
    try {
      await this.#deps.watch.look();
    } catch (error) {
      this.#deps.log.warn({ poolId, err: asError(error) }, "the engine does not answer");
      isAway = true;
    }
    await worker.reconcile(isAway);
    this.#waiting.reconsider(poolId);
  }

  /** A guest of a pool has gone for good: there is room for another one. */
  onGone(poolId: string): void {
    this.#waiting.serve(poolId);
    void this.#worker(poolId).wake();
  }

  /** A guest of a pool died: a ready one is replaced. */
  onDied(guest: Guest, how: string): void {
    this.#replace(guest, `A ready machine died. ${how}`);
  }

  /** A ready member is not fit to be handed out any more, and is replaced. */
  onUnfit(guest: Guest, reason: string): void {
    this.#replace(guest, `A ready machine was no longer fit to be handed out: ${reason}.`);
  }

  #replace(guest: Guest, message: string): void {
    const { db, pools, guests, log } = this.#deps;
    const failure = { reason: "artifact_prewarm_failed" as const, message };
    if (recordMemberFailure(db, pools, guests, guest.guestId, ["ready"], failure, Date.now())) {
      log.warn({ poolId: guest.poolId, guestId: guest.guestId }, failure.message);
      if (guest.poolId !== null) void this.wake(guest.poolId);
    }
  }

  /**
   * Waits until a checkout that found nothing has an outcome. While it waits, the pool knows of it and warms one more.
   *
   * @param attempt tries again, synchronously; `undefined`: nothing is there, and something may come
   * @returns `undefined` when the time was up or the service stops
   */
  async waitFor<T extends object>(
    poolId: string,
    timeoutMs: number,
    attempt: () => T | undefined,
  ): Promise<T | undefined> {
    if (this.#deps.stopping.aborted) return undefined;
    const outcome = this.#waiting.wait(poolId, timeoutMs, attempt);
    void this.#worker(poolId).wake();
    return outcome;
  }

  #worker(poolId: string): PoolWorker {
    let worker = this.#workers.get(poolId);
    if (worker === undefined) {
      worker = new PoolWorker(poolId, {
        ...this.#deps,
        waitingCheckouts: (id) => this.#waiting.count(id),
        onReady: (id) => this.#waiting.serve(id),
        onOver: (id) => void this.#workers.delete(id),
      });
      this.#workers.set(poolId, worker);
    }
    return worker;
  }
}
