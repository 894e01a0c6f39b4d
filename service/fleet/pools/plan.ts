import { retryAtMs, type FailureStreak } from "./backoff.ts";

/** Members that may warm at the same time once one of this kind has become ready. */
export const WARMING_LIMIT = 8;

/** Members that may warm at the same time before the first of this kind has become ready (slow start). */
export const UNPROVEN_WARMING_LIMIT = 2;

/** Why a member leaves its pool. */
export type ReleaseReason = "drained" | "disabled" | "surplus" | "outdated" | "expired" | "idle";

/** One member as the store knows it. Members that were checked out are no members any more. */
export interface ObservedMember {
  readonly id: string;
  readonly state: "warming" | "ready" | "terminating";
  /** Compatibility key that it was made for. */
  readonly key: string;
  /** When its readiness check passed first; `null` while it warms. */
  readonly readyAtMs: number | null;
}

/** What is. */
export interface ObservedPool {
  /** Oldest first. */
  readonly members: readonly ObservedMember[];
  /** Checkouts that wait for a member at this moment. */
  readonly waitingCheckouts: number;
  readonly failures: FailureStreak;
}

/** What should be. */
export interface DesiredPool {
  readonly state: "enabled" | "disabled" | "draining" | "deleted";
  /** Compatibility key of the members to have; `null`: none can be started at present, its template or image is not there. */
  readonly key: string | null;
  readonly minReady: number;
  readonly maxReady: number;
  readonly staleAfterMs: number;
  readonly idleTimeoutMs: number;
}

/** One step towards what should be: start one member, or let one go. */
export type PoolAction =
  | { readonly kind: "warm"; readonly key: string }
  | { readonly kind: "release"; readonly memberId: string; readonly reason: ReleaseReason };

/** What to do now, and when to look again though nothing happens (`null`: nothing is due). */
export interface PoolPlan {
  readonly actions: readonly PoolAction[];
  readonly nextLookAtMs: number | null;
}

/**
 * Decides what one pool needs now. Pure, and a function of the level: called twice with the same facts it says the
 * same, called after a missed event it says what the event would have led to.
 *
 * Rules
 * - Ready + warming + terminating never exceeds `maxReady` by a start.
 * - An enabled pool wants `minReady` members of the present key, and one more for each checkout that waits.
 * - Members of another key, or older than `staleAfterMs`, are outdated. They stay claimable while new ones warm beside
 *   them, up to `maxReady`; one goes for each that makes the pool richer than `minReady`.
 * - With `maxReady` equal to `minReady` there is no room beside them: then one at a time goes first, so that never
 *   more than one is missing. A pool of one is empty for the time of one start.
 * - Ready members above `minReady` go when they were idle for `idleTimeoutMs`.
 * - Failures slow the starts down, one at a time; see `backoff.ts`.
 */
export function planPool(observed: ObservedPool, desired: DesiredPool, nowMs: number): PoolPlan {
  if (desired.state === "draining" || desired.state === "deleted") return releaseAll(observed, "drained");
  if (desired.state === "disabled") return planDisabled(observed, desired, nowMs);
  return new EnabledPlan(observed, desired, nowMs).make();
}

function releaseAll(observed: ObservedPool, reason: ReleaseReason): PoolPlan {
  const leaving = observed.members.filter((member) => member.state !== "terminating");
  return { actions: leaving.map((member) => release(member, reason)), nextLookAtMs: null };
}

/** A disabled pool keeps what is ready until that is stale, and neither fills nor hands out. */
function planDisabled(observed: ObservedPool, desired: DesiredPool, nowMs: number): PoolPlan {
  const actions: PoolAction[] = [];
  const keep: ObservedMember[] = [];
  for (const member of observed.members) {
    if (member.state === "warming") actions.push(release(member, "disabled"));
    else if (member.state === "ready" && isStale(member, desired, nowMs)) actions.push(release(member, "expired"));
    else if (member.state === "ready") keep.push(member);
  }
  const excess = keep.length - desired.maxReady;
  const surplus = excess > 0 ? keep.toReversed().slice(0, excess) : [];
  for (const member of surplus) actions.push(release(member, "surplus"));
  const kept = keep.filter((member) => !surplus.includes(member));
  return { actions, nextLookAtMs: earliest(kept.map((member) => staleAtMs(member, desired))) };
}

/** One pass over an enabled pool; the fields are the working state of that pass. */
class EnabledPlan {
  readonly #observed: ObservedPool;
  readonly #desired: DesiredPool;
  readonly #nowMs: number;
  readonly #actions: PoolAction[] = [];
  readonly #lookAgain: number[] = [];
  #ready: ObservedMember[];
  #warming: ObservedMember[];

  constructor(observed: ObservedPool, desired: DesiredPool, nowMs: number) {
    this.#observed = observed;
    this.#desired = desired;
    this.#nowMs = nowMs;
    this.#ready = observed.members.filter((member) => member.state === "ready");
    this.#warming = observed.members.filter((member) => member.state === "warming");
  }

  make(): PoolPlan {
    this.#releaseOutdatedWarming();
    this.#releaseSurplus();
    this.#releaseReplaced();
    this.#releaseIdle();
    this.#warm();
    for (const member of this.#ready) this.#lookAgain.push(staleAtMs(member, this.#desired));
    return { actions: this.#actions, nextLookAtMs: earliest(this.#lookAgain.filter((at) => at > this.#nowMs)) };
  }

  /** Ready members that this pass wants: the floor, and one for each checkout that waits, within the bound. */
  get #wanted(): number {
    return Math.min(this.#desired.maxReady, this.#desired.minReady + this.#observed.waitingCheckouts);
  }

  #isOutdated(member: ObservedMember): boolean {
    // There is nothing to replace a member with, so none counts as outdated.
    if (this.#desired.key === null) return false;
    return member.key !== this.#desired.key || isStale(member, this.#desired, this.#nowMs);
  }

  #release(member: ObservedMember, reason: ReleaseReason): void {
    this.#actions.push(release(member, reason));
    this.#ready = this.#ready.filter((other) => other !== member);
    this.#warming = this.#warming.filter((other) => other !== member);
  }

  #releaseOutdatedWarming(): void {
    for (const member of this.#warming.filter((each) => this.#isOutdated(each))) this.#release(member, "outdated");
  }

  /** The bound was lowered: what is not ready goes first, then what is outdated, then the newest. */
  #releaseSurplus(): void {
    const outdated = this.#ready.filter((member) => this.#isOutdated(member));
    const current = this.#ready.filter((member) => !this.#isOutdated(member));
    const order = [...this.#warming.toReversed(), ...outdated, ...current.toReversed()];
    const excess = this.#ready.length + this.#warming.length - this.#desired.maxReady;
    for (const member of order.slice(0, Math.max(0, excess))) this.#release(member, "surplus");
  }

  #releaseReplaced(): void {
    for (const member of this.#ready.filter((each) => this.#isOutdated(each))) {
      if (this.#ready.length <= this.#desired.minReady) return;
      this.#release(member, this.#outdatedReason(member));
    }
  }

  #releaseIdle(): void {
    for (const member of this.#ready) {
      if (this.#ready.length <= this.#wanted) return;
      const idleAtMs = (member.readyAtMs ?? this.#nowMs) + this.#desired.idleTimeoutMs;
      if (idleAtMs <= this.#nowMs) this.#release(member, "idle");
      else this.#lookAgain.push(idleAtMs);
    }
  }

  #warm(): void {
    const key = this.#desired.key;
    if (key === null) return;
    const current = this.#ready.filter((member) => !this.#isOutdated(member));
    const missing = this.#wanted - current.length - this.#warming.length;
    if (missing <= 0) return;
    const retryAt = retryAtMs(this.#observed.failures, this.#nowMs);
    if (retryAt > this.#nowMs) {
      this.#lookAgain.push(retryAt);
      return;
    }
    // Members released in this pass still count: they hold their memory until the engine has removed them.
    const room = this.#desired.maxReady - this.#observed.members.length;
    const free = this.#warmingLimit(current) - this.#warming.length;
    for (let n = Math.min(missing, room, free); n > 0; n -= 1) this.#actions.push({ kind: "warm", key });
    if (room <= 0) this.#makeRoom();
  }

  #warmingLimit(current: readonly ObservedMember[]): number {
    if (this.#observed.failures.count > 0) return 1;
    return current.length > 0 ? WARMING_LIMIT : UNPROVEN_WARMING_LIMIT;
  }

  /** Full of outdated members, with no room beside them (`maxReady` = `minReady`): one goes first, and only one. */
  #makeRoom(): void {
    const isMoving = this.#warming.length > 0 || this.#ready.length < this.#observed.members.length;
    if (isMoving || this.#ready.length < this.#desired.minReady) return;
    const oldest = this.#ready.find((member) => this.#isOutdated(member));
    if (oldest !== undefined) this.#release(oldest, this.#outdatedReason(oldest));
  }

  #outdatedReason(member: ObservedMember): ReleaseReason {
    return member.key === this.#desired.key ? "expired" : "outdated";
  }
}

function release(member: ObservedMember, reason: ReleaseReason): PoolAction {
  return { kind: "release", memberId: member.id, reason };
}

function staleAtMs(member: ObservedMember, desired: DesiredPool): number {
  return (member.readyAtMs ?? Infinity) + desired.staleAfterMs;
}

function isStale(member: ObservedMember, desired: DesiredPool, nowMs: number): boolean {
  return staleAtMs(member, desired) <= nowMs;
}

function earliest(times: readonly number[]): number | null {
  const least = Math.min(Infinity, ...times);
  return Number.isFinite(least) ? least : null;
}
