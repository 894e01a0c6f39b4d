import type { GuestTally } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";

/** Members of a pool by what they are doing; the counts of the contract. */
export interface PoolCounts {
  /** Ready machines to hold: `min_ready` while enabled, else 0. */
  readonly target: number;
  /** Claimable now (in a disabled pool: kept, and claimable once it is enabled). */
  readonly ready: number;
  readonly warming: number;
  /** Checked out, and the machine still lives. */
  readonly claimed: number;
  /** Being removed. */
  readonly draining: number;
  /** Starts that failed in a row, until a member holds. */
  readonly failed: number;
  /** Being removed because they were older than `stale_after_seconds`. */
  readonly expired: number;
  /** Missing to the target, with nothing on its way. */
  readonly unavailable: number;
}

/** Health of a pool, as the list filters by it. */
export type PoolHealth = "ready" | "warming" | "degraded" | "draining" | "unavailable";

/** How many guests pass a test. */
export function countOf(guests: readonly GuestTally[], test: (guest: GuestTally) => boolean): number {
  return guests.reduce((sum, guest) => (test(guest) ? sum + guest.count : sum), 0);
}

/** Counts what the store knows of a pool's members. */
export function countMembers(pool: PoolRow, guests: readonly GuestTally[]): PoolCounts {
  const count = (test: (guest: GuestTally) => boolean) => countOf(guests, test);
  const target = pool.state === "enabled" ? pool.minReady : 0;
  const ready = count((guest) => guest.state === "ready");
  const warming = count((guest) => guest.state === "warming");
  return {
    target,
    ready,
    warming,
    claimed: count((guest) => guest.state === "claimed"),
    draining: count((guest) => guest.state === "terminating" && guest.releaseReason !== "expired"),
    failed: pool.failureCount,
    expired: count((guest) => guest.state === "terminating" && guest.releaseReason === "expired"),
    unavailable: Math.max(0, target - ready - warming),
  };
}

/** Sums a pool up in one word. */
export function poolHealth(pool: PoolRow, { target, ready, warming }: PoolCounts): PoolHealth {
  if (pool.state === "draining") return "draining";
  if (pool.state !== "enabled") return "unavailable";
  if (target > 0 && ready + warming === 0) return "unavailable";
  if (pool.degradedReason !== null) return "degraded";
  return ready >= target ? "ready" : "warming";
}
