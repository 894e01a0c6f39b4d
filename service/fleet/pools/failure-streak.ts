import type { Database } from "../../store/database.ts";
import type { Guest, GuestState, GuestStore } from "../../store/guests.ts";
import type { PoolRow, PoolStore } from "../../store/warm-pools.ts";
import { STABLE_AFTER_MS, type FailureStreak } from "./backoff.ts";
import type { MemberFailure } from "../guests/start-failure.ts";

/**
 * Records that a member failed: it leaves the pool, and the pool remembers why.
 *
 * @param from states in which this is still news
 * @returns whether it was
 */
export function recordMemberFailure(
  db: Database,
  pools: PoolStore,
  guests: GuestStore,
  guestId: string,
  from: readonly GuestState[],
  failure: Pick<MemberFailure, "reason" | "message">,
  nowMs: number,
): boolean {
  return db.transaction((): boolean => {
    const guest = guests.get(guestId);
    if (guest === undefined || !guests.release(guestId, from, "failed")) return false;
    const pool = guest.poolId === null ? undefined : pools.get(guest.poolId);
    // A failure of the previous build says nothing about the present one.
    if (pool !== undefined && pool.compatibilityKey === guest.compatibilityKey) {
      pools.update(pool.poolId, {
        failureCount: pool.failureCount + 1,
        failureAtMs: nowMs,
        failureReason: failure.reason,
        lastFailure: failure.message,
      });
    }
    return true;
  });
}

/** Forgets the failures once a later member has held for a while, or was good enough to be checked out. */
export function currentStreak(pool: PoolRow, members: readonly Guest[], nowMs: number): FailureStreak {
  const streak: FailureStreak = { count: pool.failureCount, lastAtMs: pool.failureAtMs };
  if (streak.count === 0) return streak;
  const isProof = (guest: Guest) =>
    guest.compatibilityKey === pool.compatibilityKey &&
    isReadySince(streak, guest, nowMs) &&
    (guest.state === "claimed" || (guest.state === "ready" && guest.readyAtMs + STABLE_AFTER_MS <= nowMs));
  return members.some(isProof) ? { count: 0, lastAtMs: null } : streak;
}

/** When a member that is ready now will have held long enough for {@link currentStreak}. */
export function streakEndsAtMs(failures: FailureStreak, members: readonly Guest[], nowMs: number): number | null {
  if (failures.count === 0) return null;
  const provingSince = members
    .filter((guest) => guest.state === "ready")
    .flatMap((guest) => (isReadySince(failures, guest, nowMs) ? [guest.readyAtMs] : []));
  return provingSince.length === 0 ? null : Math.min(...provingSince) + STABLE_AFTER_MS;
}

/**
 * Whether a guest became ready after the last failure. What has a time that is yet to come was recorded before the clock
 * was set back, and so before everything that has not.
 */
function isReadySince(
  { lastAtMs }: FailureStreak,
  guest: Guest,
  nowMs: number,
): guest is Guest & { readyAtMs: number } {
  const { readyAtMs } = guest;
  if (readyAtMs === null || readyAtMs > nowMs) return false;
  return lastAtMs === null || lastAtMs > nowMs || readyAtMs > lastAtMs;
}
