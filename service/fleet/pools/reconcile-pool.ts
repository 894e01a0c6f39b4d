import type { Database } from "../../store/database.ts";
import { writeIfRoom } from "../../store/disk-room.ts";
import type { Guest, GuestStore, Member } from "../../store/guests.ts";
import type { PoolRow, PoolStore } from "../../store/warm-pools.ts";
import type { MemberFailure } from "../guests/start-failure.ts";
import { isHolding, type FailureStreak } from "./backoff.ts";
import { streakEndsAtMs, currentStreak } from "./failure-streak.ts";
import { planPool, type ObservedMember, type PoolPlan } from "./plan.ts";
import type { PlacedImage } from "./image-preparation.ts";
import { missingPlacement, type Placements } from "../guests/placements.ts";
import { currentTarget, type PoolTarget } from "./pool-target.ts";

/** While the disk of the store is full, a pool that lacks members is looked at so often. */
const DISK_RETRY_MS = 2_000;

/** Facts of a pass that are not in the store. */
export interface PassFacts {
  readonly nowMs: number;
  /** A person asked: do not wait for the pause after failures to end. */
  readonly isForced: boolean;
  readonly isEngineAway: boolean;
  readonly waitingCheckouts: number;
  /** What is known of images where the members start. */
  readonly images: {
    /** No start of a member will wait for the image. */
    isReady(image: PlacedImage): boolean;
    /** Why it could not be brought there; `undefined` while that has not failed. */
    failureOf(image: PlacedImage): Pick<MemberFailure, "reason" | "message"> | undefined;
  };
  /** What a pool can choose among. */
  readonly placements: Placements;
  /** What is kept for other programs. */
  readonly native: {
    /** Nothing is left of it that could be claimed. */
    readonly isDrained: boolean;
    /** Why it is not as it should be. */
    readonly failure: Pick<MemberFailure, "reason" | "message"> | undefined;
  };
}

/** What a pass decided; it is in the store already. */
export interface PassResult {
  /** Guests of the pool as they are now. */
  readonly members: readonly Guest[];
  readonly nextLookAtMs: number | null;
  /** What changed, in words. */
  readonly events: readonly string[];
  /** What has to be where members start before the pool rolls to it; `null`: nothing. */
  readonly awaitedImage: PlacedImage | null;
  /** The pool is deleted and has let everything go: there will never be anything to do again. */
  readonly isOver: boolean;
}

/**
 * One pass over one pool, in one transaction: see what its template means now, plan, and record every intent. The
 * engine is asked afterwards, from what is recorded, so a crash at any point leaves only intents to take up again.
 */
export function reconcilePool(
  db: Database,
  pools: PoolStore,
  guests: GuestStore,
  poolId: string,
  facts: PassFacts,
): PassResult {
  return db.transaction((): PassResult => {
    const stored = pools.get(poolId);
    if (stored === undefined) return { members: [], nextLookAtMs: null, events: [], awaitedImage: null, isOver: true };
    const events: string[] = [];
    const unplaced = missingPlacement(stored, facts.placements);
    const canFill = stored.state === "enabled" && unplaced === undefined;
    const target = canFill ? currentTarget(db, stored, facts.placements) : null;
    const members = guests.members(poolId);
    const isAwaited = target !== null && mustWaitFor(target, members, facts.images);
    const rolled = target === null || (isAwaited && isAnotherBuild(stored, target)) ? {} : rollTo(stored, target);
    const pool: PoolRow = { ...stored, ...rolled };
    if (pool.rolloutGeneration !== stored.rolloutGeneration) {
      events.push(`rolls to ${pool.resolvedTemplate} (generation ${pool.rolloutGeneration})`);
    }
    // Only after failures it matters what became of those that were checked out.
    const failures = currentStreak(pool, pool.failureCount === 0 ? members : guests.ofPool(poolId), facts.nowMs);

    const plan = planPool(
      {
        members: members.map(observed),
        waitingCheckouts: facts.waitingCheckouts,
        failures: facts.isForced ? { ...failures, lastAtMs: null } : failures,
      },
      {
        state: pool.state,
        // What a pool waits for is not started, and until then nothing that it has is outdated.
        key: target === null || mustWaitFor(pool, members, facts.images) ? null : pool.compatibilityKey,
        minReady: pool.minReady,
        maxReady: pool.maxReady,
        staleAfterMs: pool.staleAfterSeconds * 1000,
        idleTimeoutMs: pool.idleTimeoutSeconds * 1000,
      },
      facts.nowMs,
    );
    const { releasedOld, isDiskFull } = apply({ db, guests }, pool, members, plan, facts.nowMs, events);
    const after = guests.members(poolId);
    const isEmpty = after.length === 0;
    const isDrained = pool.state === "draining" && isEmpty && facts.native.isDrained;
    if (isDrained) events.push("drained; the pool is disabled");
    const own = isDrained
      ? null
      : degradedReason(pool, canFill ? target : "unplaced", failures, facts.isEngineAway || isDiskFull);
    const awaited = own === null && isAwaited ? facts.images.failureOf(target) : undefined;
    const other = awaited ?? (own === null && pool.state === "enabled" ? facts.native.failure : undefined);
    const message = pool.state === "enabled" ? (unplaced ?? other?.message) : undefined;
    pools.update(poolId, {
      ...rolled,
      ...(isDrained && { state: "disabled", disabledAtMs: facts.nowMs }),
      failureCount: failures.count,
      failureAtMs: failures.lastAtMs,
      ...(failures.count === 0 && { failureReason: null, lastFailure: null }),
      degradedReason: own ?? other?.reason ?? null,
      ...(message !== undefined && { lastFailure: message }),
      releasedThisTick: releasedOld,
      lastReconciledAtMs: facts.nowMs,
    });
    return {
      members: after,
      nextLookAtMs: earliest(
        earliest(plan.nextLookAtMs, streakEndsAtMs(failures, members, facts.nowMs)),
        isDiskFull ? facts.nowMs + DISK_RETRY_MS : null,
      ),
      events,
      awaitedImage: isAwaited ? target : null,
      isOver: pool.state === "deleted" && isEmpty,
    };
  });
}

/**
 * Whether members of an image must not be started yet: the pool has others, which would go for members that wait for their
 * image. A pool that has none to keep does not wait: its first member is ready as soon as one host has the image.
 */
function mustWaitFor(image: PlacedImage, members: readonly Member[], images: PassFacts["images"]): boolean {
  const isKept = ({ state, templateId, placementKey }: Member) =>
    (state === "ready" || state === "warming") &&
    (templateId !== image.templateId || placementKey !== image.placementKey);
  return members.some(isKept) && !images.isReady(image);
}

/** The pool's tag has moved. (What a caller has changed is in the pool already.) */
function isAnotherBuild(pool: PoolRow, target: PoolTarget): boolean {
  return pool.templateId !== target.templateId;
}

/**
 * What changes in a pool when its members are to be made from `target`: a moved tag, another template, size or placement
 * is a new generation, with the one before kept in view.
 */
export function rollTo(pool: PoolRow, target: PoolTarget): Partial<PoolRow> {
  if (pool.compatibilityKey === target.compatibilityKey) {
    // The template may have been renamed; its members are the same.
    return pool.resolvedTemplate === target.resolvedTemplate ? {} : { resolvedTemplate: target.resolvedTemplate };
  }
  return {
    ...target,
    rolloutGeneration: pool.rolloutGeneration + 1,
    previousResolvedTemplate: pool.resolvedTemplate,
    previousBuildId: pool.buildId,
    previousTemplateId: pool.templateId,
    failureCount: 0,
    failureAtMs: null,
    failureReason: null,
    lastFailure: null,
  };
}

function observed({ guestId, state, compatibilityKey, readyAtMs }: Member): ObservedMember {
  return { id: guestId, state, key: compatibilityKey, readyAtMs };
}

/** Records what is planned. On a full disk nothing is warmed: that can be done later, and claims need what is held back. */
function apply(
  { db, guests }: { readonly db: Database; readonly guests: GuestStore },
  pool: PoolRow,
  members: readonly Guest[],
  plan: PoolPlan,
  nowMs: number,
  events: string[],
): { releasedOld: number; isDiskFull: boolean } {
  let releasedOld = 0;
  let isDiskFull = false;
  for (const action of plan.actions) {
    if (action.kind === "release") {
      guests.release(action.memberId, ["warming", "ready"], action.reason);
      const member = members.find((guest) => guest.guestId === action.memberId);
      if (member?.compatibilityKey !== pool.compatibilityKey) releasedOld += 1;
      events.push(`lets ${action.memberId} go (${action.reason})`);
    } else {
      const { templateId, compatibilityKey, vcpus, memoryMb, diskMb, internetAccess, poolId } = pool;
      const { placement, placementKey } = pool;
      const size = { vcpus, memoryMb, diskMb };
      const shape = { templateId, compatibilityKey, ...size, internetAccess, placement, placementKey };
      const isWarming = writeIfRoom(db, () => {
        const { guestId } = guests.insert({ ...shape, poolId, machineId: null }, nowMs);
        events.push(`warms ${guestId}`);
      });
      isDiskFull ||= !isWarming;
    }
  }
  return { releasedOld, isDiskFull };
}

function degradedReason(
  pool: PoolRow,
  target: PoolTarget | null | "unplaced",
  failures: FailureStreak,
  isHostUnfit: boolean,
): string | null {
  if (pool.state === "draining") return "drain_active";
  if (pool.state !== "enabled") return null;
  if (target === "unplaced") return "no_eligible_hosts";
  if (target === null) return "template_build_unavailable";
  if (isHostUnfit) return "no_eligible_hosts";
  return isHolding(failures) ? (pool.failureReason ?? "artifact_prewarm_failed") : null;
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
