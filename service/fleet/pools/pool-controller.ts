import { EventEmitter } from "node:events";
import { asError } from "../../errors.ts";
import type { ClaimTraffic } from "../guests/claim-traffic.ts";
import type { GuestWatch } from "../guests/guest-watch.ts";
import type { Guest } from "../../store/guests.ts";
import type { TemplateEvents } from "../../templates/events.ts";
import { PoolWorker, type PoolWorkerDeps } from "./pool-worker.ts";
import { recordMemberFailure } from "./failure-streak.ts";

/** What the controller needs. */
export interface PoolControllerDeps extends Omit<PoolWorkerDeps, "waitingCheckouts" | "onReady" | "onOver"> {
  readonly events: TemplateEvents;
  readonly watch: GuestWatch;
  readonly traffic: ClaimTraffic;
}

/** The workers of all pools, and what wakes them: changed pools, moved tags, dead members, waiting checkouts. */
export class PoolController {
  readonly #deps: PoolControllerDeps;
  readonly #workers = new Map<string, PoolWorker>();
  readonly #waiting = new Map<string, number>();
  /** Pools that are looked at when the claims have passed. */
  readonly #refilling = new Set<string>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(deps: PoolControllerDeps) {
    this.#deps = deps;
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
    for (const { poolId, state } of pools.list(["enabled", "disabled", "draining", "deleted"])) {
      if (state !== "deleted" || guests.members(poolId).length > 0) void this.wake(poolId);
    }
  }

  /** Has a pool looked at soon. Resolves when that has happened. */
  async wake(poolId: string): Promise<void> {
    // A waiting checkout may have to give up because the pool was disabled.
    this.#changes.emit(poolId);
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
    if (poolId === null || !this.#waiting.has(poolId)) await this.#deps.traffic.untilQuiet(signal);
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
    this.#changes.emit(poolId);
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
   * Waits until something changed in a pool that a checkout may profit from. While it waits, the pool knows of it and
   * warms one more.
   *
   * @returns whether something changed; `false` when the time was up
   */
  async waitForChange(poolId: string, timeoutMs: number): Promise<boolean> {
    this.#addWaiting(poolId, 1);
    void this.#worker(poolId).wake();
    try {
      return await new Promise<boolean>((resolve) => {
        const { stopping } = this.#deps;
        const finish = (changed: boolean) => {
          clearTimeout(timer);
          this.#changes.off(poolId, onChange);
          stopping.removeEventListener("abort", onStop);
          resolve(changed);
        };
        const onChange = () => finish(true);
        const onStop = () => finish(false);
        const timer = setTimeout(() => finish(false), timeoutMs);
        this.#changes.on(poolId, onChange);
        stopping.addEventListener("abort", onStop, { once: true });
      });
    } finally {
      this.#addWaiting(poolId, -1);
    }
  }

  #addWaiting(poolId: string, by: number): void {
    const count = (this.#waiting.get(poolId) ?? 0) + by;
    if (count > 0) this.#waiting.set(poolId, count);
    else this.#waiting.delete(poolId);
  }

  #worker(poolId: string): PoolWorker {
    let worker = this.#workers.get(poolId);
    if (worker === undefined) {
      worker = new PoolWorker(poolId, {
        ...this.#deps,
        waitingCheckouts: (id) => this.#waiting.get(id) ?? 0,
        onReady: (id) => void this.#changes.emit(id),
        onOver: (id) => void this.#workers.delete(id),
      });
      this.#workers.set(poolId, worker);
    }
    return worker;
  }
}
