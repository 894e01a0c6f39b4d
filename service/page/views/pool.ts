import { definitionOf } from "../../builds/build-record.ts";
import { InvalidRequestError } from "../../errors.ts";
import { WarmPoolNotFoundError } from "../../fleet/pools/errors.ts";
import { assertBounds } from "../../fleet/pools/pool-settings.ts";
import { countMembers, countOf } from "../../fleet/pools/pool-status.ts";
import type { NativeStatus } from "../../fleet/pools/native/native-status.ts";
import { currentTarget } from "../../fleet/pools/pool-target.ts";
import { findBuild } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { GuestStore, type Guest, type GuestState, type GuestTally } from "../../store/guests.ts";
import { PoolStore, type NumberedPool, type PoolState } from "../../store/warm-pools.ts";
import { KnownThings } from "./known-things.ts";
import { nativeDetails, type NativeDetails } from "./native-pool.ts";
import type { TemplateName } from "./overview.ts";
import { DEFAULT_HISTORY_HOURS, HISTORY_HOURS, poolHistory, type PoolHistory } from "./pool-history.ts";
import type { MachineSize } from "./templates.ts";
import { isSecretVariable, redactorOf } from "./told-secrets.ts";

/** Members of a pool that are listed; more are counted. */
export const MOST_MEMBERS = 100;

/** A guest of a pool. */
export interface PoolMember {
  guestId: string;
  state: GuestState;
  /** Since when it is ready, or has been starting. */
  since: string;
  /** Build that it was made from; absent: its record is gone. */
  buildId?: string;
  /** It is as the pool wants its members now. */
  isCurrent: boolean;
  /** Machine that it has become. */
  machineId?: string;
  /** Why it goes. */
  leaving?: string;
}

/** How far a pool has got to what it is to be made from. */
export interface RollOut {
  generation: number;
  /** Where the members are to come from; absent: its record is gone. */
  to?: string;
  /** Where they came from before. */
  from?: string;
  /** Build that its tag has moved to, and that it rolls to when the image is where members start. */
  next?: string;
  /** Ready members as they are to be. */
  current: number;
  /** Ready or starting members of before. */
  old: number;
  wanted: number;
}

/** Why a pool has fewer ready members than it should. */
export interface NotFull {
  /** Stable word for programs; absent: nothing is wrong, members are starting. */
  reason?: string;
  /** What the last member said that failed. */
  message?: string;
  /** How often starts have failed in a row. */
  failures: number;
}

export interface PoolDetails {
  poolId: string;
  name: string;
  state: PoolState;
  templateRef: string;
  template?: TemplateName;
  /** Tag that it follows; absent: it stays with its build. */
  followedTag?: string;
  size: MachineSize;
  internet: boolean;
  floor: number;
  most: number;
  idleSeconds: number;
  staleSeconds: number;
  checkoutPolicy: string;
  labels: [name: string, value: string][];
  counts: ReturnType<typeof countMembers>;
  members: PoolMember[];
  memberCount: number;
  rollOut: RollOut;
  notFull: NotFull | undefined;
  createdAt: string;
  lookedAt: string | undefined;
  history: PoolHistory;
  /** What is kept for other programs; `undefined`: nothing. */
  native: NativeDetails | undefined;
}

/** A pool, also a deleted one. @param native what of it is kept for other programs @throws WarmPoolNotFoundError */
export function poolDetails(
  db: Database,
  poolId: string,
  {
    hours = DEFAULT_HISTORY_HOURS,
    nowMs,
    native,
  }: { hours?: number | undefined; nowMs: number; native?: NativeStatus | undefined },
): PoolDetails {
  if (!HISTORY_HOURS.some((each) => each === hours)) {
    throw new InvalidRequestError(`hours: choose from ${HISTORY_HOURS.join(", ")}.`);
  }
  const pool = poolOf(db, poolId);
  const guests = new GuestStore(db);
  const tally = guests.tally(poolId);
  const things = new KnownThings(db);
  const counts = countMembers(pool, tally);
  const template = things.templateOf(pool.templateId);
  return {
    poolId,
    name: pool.name,
    state: pool.state,
    templateRef: pool.templateRef,
    ...(template !== undefined && { template }),
    ...(pool.versionPolicy === "track_tag" && { followedTag: pool.trackTag ?? "that of its reference" }),
    size: { vcpus: pool.vcpus, memoryMb: pool.memoryMb, ...(pool.diskMb !== null && { diskMb: pool.diskMb }) },
    internet: pool.internetAccess === 1,
    floor: pool.minReady,
    most: pool.maxReady,
    idleSeconds: pool.idleTimeoutSeconds,
    staleSeconds: pool.staleAfterSeconds,
    checkoutPolicy: pool.checkoutPolicy,
    labels: Object.entries(JSON.parse(pool.labels) as Record<string, string>),
    counts,
    members: guests.ofPool(poolId, MOST_MEMBERS).map((guest) => memberOf(guest, pool, things)),
    memberCount: countOf(tally, () => true),
    rollOut: rollOutOf(db, pool, tally, things),
    notFull: notFull(db, pool, counts),
    createdAt: new Date(pool.createdAtMs).toISOString(),
    lookedAt: pool.lastReconciledAtMs === null ? undefined : new Date(pool.lastReconciledAtMs).toISOString(),
    history: poolHistory(db, pool.seq, hours, nowMs),
    native: nativeDetails(db, native),
  };
}

function poolOf(db: Database, poolId: string): NumberedPool {
  const pool = new PoolStore(db).numbered(poolId);
  if (pool === undefined) throw new WarmPoolNotFoundError(poolId);
  return pool;
}

function memberOf(guest: Guest, pool: NumberedPool, things: KnownThings): PoolMember {
  const build = things.find(guest.templateId);
  const { machineId, releaseReason } = guest;
  return {
    guestId: guest.guestId,
    state: guest.state,
    since: new Date(guest.readyAtMs ?? guest.createdAtMs).toISOString(),
    ...(build?.kind === "build" && { buildId: build.buildId }),
    isCurrent: guest.compatibilityKey === pool.compatibilityKey,
    ...(machineId !== null && things.find(machineId) !== undefined && { machineId }),
    ...(releaseReason !== null && { leaving: releaseReason }),
  };
}

function rollOutOf(db: Database, pool: NumberedPool, guests: readonly GuestTally[], things: KnownThings): RollOut {
  const isCurrent = (guest: GuestTally) => guest.compatibilityKey === pool.compatibilityKey;
  const isLive = ({ state }: GuestTally) => state === "ready" || state === "warming";
  const { previousBuildId: before } = pool;
  const target = pool.state === "enabled" ? currentTarget(db, pool) : null;
  return {
    generation: pool.rolloutGeneration,
    ...(things.find(pool.buildId) !== undefined && { to: pool.buildId }),
    ...(before !== null && things.find(before) !== undefined && { from: before }),
    ...(target !== null && target.templateId !== pool.templateId && { next: target.buildId }),
    current: countOf(guests, (guest) => guest.state === "ready" && isCurrent(guest)),
    old: countOf(guests, (guest) => isLive(guest) && !isCurrent(guest)),
    wanted: pool.state === "enabled" ? pool.minReady : 0,
  };
}

function notFull(db: Database, pool: NumberedPool, { ready, target }: PoolDetails["counts"]): NotFull | undefined {
  const { degradedReason: reason, lastFailure, failureCount: failures } = pool;
  if (reason === null) return ready < target ? { failures } : undefined;
  const build = findBuild(db, pool.buildId);
  // What a member says may have a value in it that its template gave it.
  const message =
    build && lastFailure !== null ? redactorOf(definitionOf(build), isSecretVariable).text(lastFailure) : undefined;
  return { reason, failures, ...(message !== undefined && { message }) };
}

/** What can be done with a pool. */
export const POOL_CHANGES = ["enable", "disable", "drain", "resize"] as const;
export type PoolChange = (typeof POOL_CHANGES)[number];

/** A change of a pool that waits for its confirmation. */
export interface PlannedPoolChange {
  poolId: string;
  name: string;
  change: PoolChange;
  /** Only of a resize. */
  size?: { floor: number; most: number };
  before: { floor: number; most: number; state: PoolState };
  /** Ready and starting members that go for it, as they are now. */
  lost: { ready: number; warming: number };
  claimed: number;
  /** What the question shows of the pool; another one when that has changed. */
  version: string;
  /** Why it cannot be done. */
  problem?: string;
}

/** What a change would do. @throws WarmPoolNotFoundError; InvalidRequestError for numbers that are none */
export function plannedPoolChange(
  db: Database,
  poolId: string,
  change: PoolChange,
  size?: { floor: number; most: number },
): PlannedPoolChange {
  const pool = poolOf(db, poolId);
  if (size !== undefined) assertBounds({ minReady: size.floor, maxReady: size.most });
  const counts = countMembers(pool, new GuestStore(db).tally(poolId));
  const problem = problemOf(pool, change, size);
  return {
    poolId,
    name: pool.name,
    change,
    ...(size !== undefined && { size }),
    before: { floor: pool.minReady, most: pool.maxReady, state: pool.state },
    lost: lostBy(change, counts, size?.most ?? pool.maxReady),
    claimed: counts.claimed,
    version: versionOf(pool),
    ...(problem !== undefined && { problem }),
  };
}

function versionOf({ state, minReady, maxReady }: NumberedPool): string {
  return `${state} ${minReady} ${maxReady}`;
}

function problemOf(
  { state, minReady, maxReady }: NumberedPool,
  change: PoolChange,
  size: { floor: number; most: number } | undefined,
): string | undefined {
  if (state === "deleted") return "the pool is deleted";
  const done = { enable: "enabled", disable: "disabled", drain: "draining", resize: undefined }[change];
  if (state === done) return `it is ${done} already`;
  if (size?.floor === minReady && size.most === maxReady) return "it has that size already";
  return undefined;
}

function lostBy(change: PoolChange, { ready, warming }: PoolDetails["counts"], most: number) {
  if (change === "enable") return { ready: 0, warming: 0 };
  if (change === "disable") return { ready: 0, warming };
  if (change === "drain") return { ready, warming };
  // Those that are not ready go first.
  const excess = Math.max(0, ready + warming - most);
  return { ready: Math.max(0, excess - warming), warming: Math.min(warming, excess) };
}
