import { backoffMs } from "pulumi-nullspace/concurrency";

/** Failures in a row after which a pool stops trying at its normal pace and says that it is degraded. */
export const HOLD_AFTER_FAILURES = 3;

/** First wait after a failed member; it doubles with each further failure in a row. */
export const BACKOFF_BASE_MS = 500;

/** Longest wait between two tries: a held pool looks once a minute whether the cause has gone. */
export const BACKOFF_CAP_MS = 60_000;

/**
 * A ready member must live this long (or be checked out) before the failures in a row are forgotten. Without it, a
 * start command that dies a second after its probe passed would be started again at full pace for ever.
 */
export const STABLE_AFTER_MS = 10_000;

/** How often members failed in a row, and when last. */
export interface FailureStreak {
  /** Failures since a member was last seen stable. */
  readonly count: number;
  /** Time of the last one, milliseconds since the epoch; `null` when `count` is 0. */
  readonly lastAtMs: number | null;
}

/**
 * When the next member may be started; `-Infinity` when nothing failed. A failure that is yet to come was recorded before
 * the clock was set back: nobody waits for it.
 */
export function retryAtMs(streak: FailureStreak, nowMs: number): number {
  if (streak.count === 0 || streak.lastAtMs === null || streak.lastAtMs > nowMs) return -Infinity;
  return streak.lastAtMs + backoffMs({ first: BACKOFF_BASE_MS, most: BACKOFF_CAP_MS }, streak.count);
}

/** Whether the pool holds back instead of churning: its failures are no accident any more. */
export function isHolding(streak: FailureStreak): boolean {
  return streak.count >= HOLD_AFTER_FAILURES;
}
