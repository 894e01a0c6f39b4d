import type { Database } from "../../store/database.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import type { PoolRow, PoolStore } from "../../store/warm-pools.ts";
import type { CheckedOut, CheckoutRequest, PoolCheckout } from "../guests/pool-checkout.ts";
import { chooseMember, matchPool } from "./checkout-match.ts";
import { UnpoolableRequestError, WarmPoolNotFoundError, WarmPoolUnavailableError } from "./errors.ts";
import type { MemberHealth } from "./member-health.ts";
import type { PoolController } from "./pool-controller.ts";
import type { Placements } from "../guests/placements.ts";
import { currentTarget, followedRef } from "./pool-target.ts";

/** What the checkout needs. */
export interface CheckoutDeps {
  readonly db: Database;
  readonly pools: PoolStore;
  readonly guests: GuestStore;
  readonly controller: PoolController;
  readonly health: MemberHealth;
  readonly placements: Placements;
}

/** Hands out the members of the pools. */
export class MemberCheckout implements PoolCheckout {
  readonly #deps: CheckoutDeps;

  constructor(deps: CheckoutDeps) {
    this.#deps = deps;
  }

  get(poolId: string): PoolRow {
    const pool = this.#deps.pools.get(poolId);
    if (pool === undefined) throw new WarmPoolNotFoundError(poolId);
    return pool;
  }

  heldRef(pool: PoolRow): string {
    return pool.versionPolicy === "track_tag" ? followedRef(pool) : pool.templateId;
  }

  async checkOut(request: CheckoutRequest): Promise<CheckedOut | null> {
    const { controller, guests, health } = this.#deps;
    const deadlineMs = performance.now() + request.waitMs;
    for (;;) {
      const outcome = await this.#claimOrWait(request, deadlineMs);
      if (outcome.kind === "claimed") {
        void controller.noteClaim(request.poolId);
        let isFit = false;
        try {
          // It may die, and lose its owner, while it is looked at.
          isFit =
            (await health.isFit(outcome.guest)) && guests.get(outcome.guest.guestId)?.machineId === outcome.machineId;
        } finally {
          // A ghost, which died (or whose server did) between its last sign of life and the claim, or an engine that does
          // not tell. The claim is resolved before anything else is tried; a member that was claimed never goes back.
          if (!isFit) request.eraseOwner(outcome.machineId, outcome.guest);
        }
        if (isFit) return outcome;
        continue;
      }
      if (outcome.kind === "unpoolable") {
        if (request.mode === "require") throw new UnpoolableRequestError(request.poolId, outcome.reason);
        return null;
      }
      if (request.mode === "prefer") return null;
      throw new WarmPoolUnavailableError(request.poolId, outcome.reason, outcome.kind === "empty");
    }
  }

  /** Tries at once, and as long as nothing is ready and time is left whenever something may be. */
  async #claimOrWait(request: CheckoutRequest, deadlineMs: number): Promise<ClaimOutcome> {
    const { controller } = this.#deps;
    let latest = claim(this.#deps, request);
    const leftMs = deadlineMs - performance.now();
    if (latest.kind !== "empty" || leftMs <= 0) return latest;
    const attempt = (): ClaimOutcome | undefined => {
      latest = claim(this.#deps, request);
      return latest.kind === "empty" ? undefined : latest;
    };
    return (await controller.waitFor(request.poolId, leftMs, attempt)) ?? latest;
  }
}

type ClaimOutcome =
  | ({ kind: "claimed" } & CheckedOut)
  /** Nothing ready; it may come. */
  | { kind: "empty"; reason: string }
  /** The pool hands out nothing in its state. */
  | { kind: "closed"; reason: string }
  | { kind: "unpoolable"; reason: string };

function claim({ db, pools, guests, placements }: CheckoutDeps, request: CheckoutRequest): ClaimOutcome {
  return db.transaction((): ClaimOutcome => {
    const pool = pools.get(request.poolId);
    if (pool === undefined || pool.state !== "enabled") {
      return { kind: "closed", reason: pool === undefined ? "it does not exist" : describeClosed(pool) };
    }
    const members = guests.members(pool.poolId);
    const target = currentTarget(db, pool, placements);
    const match = matchPool(request.want(), pool, target, members);
    if (!match.poolable) return { kind: "unpoolable", reason: match.reason };
    const chosen = chooseMember(members, match.accepts, target?.compatibilityKey ?? pool.compatibilityKey);
    if (chosen === undefined) {
      // A pool that is to hold nothing will have nothing.
      const kind = pool.maxReady === 0 ? "closed" : "empty";
      return { kind, reason: describeEmpty(pool, members, request.waitMs) };
    }
    const machineId = request.writeOwner(chosen);
    // Always true inside this transaction; the compare-and-set is what makes it so for whoever else might write.
    if (!guests.claim(chosen.guestId, machineId)) throw new Error(`guest ${chosen.guestId} was ready and is not`);
    return { kind: "claimed", guest: chosen, machineId };
  });
}

function describeClosed(pool: PoolRow): string {
  return pool.state === "draining" ? "it is being drained" : `it is ${pool.state}`;
}

function describeEmpty(pool: PoolRow, members: readonly Guest[], waitMs: number): string {
  const warming = members.filter((guest) => guest.state === "warming").length;
  const waited = waitMs > 0 ? ` after ${waitMs} ms` : "";
  const why = pool.degradedReason === null ? "" : `; the pool is degraded (${pool.degradedReason})`;
  return `none is ready${waited} (${warming} warming)${why}`;
}
