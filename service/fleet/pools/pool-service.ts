import type { CreateWarmPoolRequest, UpdateWarmPoolRequest, WarmPool, WarmPoolListQuery } from "pulumi-nullspace/wire";
import { newId } from "../../ids.ts";
import { audit } from "../../store/audit.ts";
import type { Database } from "../../store/database.ts";
import type { GuestStore } from "../../store/guests.ts";
import type { PoolRow, PoolState, PoolStore } from "../../store/warm-pools.ts";
import { PoolDeletedError, PoolNameTakenError, WarmPoolNotFoundError } from "./errors.ts";
import { poolAnswer } from "./pool-answer.ts";
import { assertReplicas } from "./native/replicas-label.ts";
import type { PoolController } from "./pool-controller.ts";
import { createTemplateFilter } from "./pool-filter.ts";
import type { Placements } from "../guests/placements.ts";
import { assertPlacement } from "./pool-placement.ts";
import { assertBounds, changed, changesOf, NEW_POOL, settingsOf, timesOfNewPool } from "./pool-settings.ts";
import { countMembers, poolHealth, type PoolCounts } from "./pool-status.ts";
import { resolveTarget, retarget } from "./pool-target.ts";
import { rollTo } from "./reconcile-pool.ts";

/** Pools of an answer unless the query says otherwise. */
const DEFAULT_LIMIT = 1000;

const LIVE: readonly PoolState[] = ["enabled", "disabled", "draining"];

/** What the service of pools needs. */
export interface PoolServiceDeps {
  readonly db: Database;
  readonly pools: PoolStore;
  readonly guests: GuestStore;
  readonly controller: PoolController;
  readonly placements: Placements;
  /** Whether pools are kept for other programs, too. */
  readonly hasNativePools: boolean;
}

/** The calls of the contract on warm pools. Each changes the store and has the pool's worker look at
 * it; what takes long goes on after the answer. */
export class PoolService {
  readonly #deps: PoolServiceDeps;

  constructor(deps: PoolServiceDeps) {
    this.#deps = deps;
  }

  /** @throws PoolNameTakenError, TemplateNotFoundError, InvalidRequestError */
  async create(request: CreateWarmPoolRequest): Promise<WarmPool> {
    const { db, pools, controller, placements } = this.#deps;
    const nowMs = Date.now();
    assertReplicas(request.labels, this.#deps.hasNativePools);
    const poolId = newId("twp_");
    db.grow(() => {
      this.#assertNameIsFree(request.name);
      const settings = settingsOf(request);
      assertBounds(settings);
      assertPlacement(settings.placement, placements);
      const target = resolveTarget(db, settings, placements);
      pools.insert({ ...NEW_POOL, ...settings, ...target, poolId, ...timesOfNewPool(nowMs) });
      audit(db, "pool_created", poolId, { name: settings.name, templateRef: settings.templateRef });
    });
    await controller.wake(poolId);
    return this.get(poolId);
  }

  /** A pool, also a deleted one. @throws WarmPoolNotFoundError */
  get(poolId: string): WarmPool {
    return poolAnswer(this.#row(poolId), this.#deps.guests.tally(poolId));
  }

  /** Newest first; deleted ones only when they are asked for. */
  list(query: WarmPoolListQuery): WarmPool[] {
    const { db, pools, guests } = this.#deps;
    const matchesTemplate = query.template === undefined ? () => true : createTemplateFilter(db, query.template);
    const labels = (query.label ?? []).map((text) => splitLabel(text));
    const limit = query.limit ?? DEFAULT_LIMIT;
    const found = pools
      .list(query.state === undefined ? LIVE : [query.state])
      .filter(matchesTemplate)
      .filter((pool) => {
        const has = JSON.parse(pool.labels) as Record<string, string>;
        return labels.every(([key, value]) => Object.hasOwn(has, key) && has[key] === value);
      });
    // Members are looked up together, and only of pools that are answered, unless it takes them to know which those are.
    const looked = query.status === undefined ? found.slice(0, limit) : found;
    const members = guests.tallies(looked.map(({ poolId }) => poolId));
    const membersOf = ({ poolId }: PoolRow) => members.get(poolId) ?? [];
    return looked
      .filter(
        (pool) => query.status === undefined || poolHealth(pool, countMembers(pool, membersOf(pool))) === query.status,
      )
      .slice(0, limit)
      .map((pool) => poolAnswer(pool, membersOf(pool)));
  }

  /** The placement that a pool has; absent also for a pool that is not there. */
  placement(poolId: string): string | undefined {
    return this.#deps.pools.get(poolId)?.placement ?? undefined;
  }

  /** What a pool would be after an update, for those who have to look whether it fits; `undefined` when that stays as it is. */
  sizeAfter(poolId: string, request: UpdateWarmPoolRequest) {
    const before = this.#deps.pools.get(poolId);
    if (before === undefined) return undefined;
    const { vcpus, memoryMb, diskMb, placement } = changed(before, request);
    if (request.resources === undefined && placement === before.placement) return undefined;
    return { size: { vcpus, memoryMb, diskMb: diskMb ?? undefined }, placement: placement ?? undefined };
  }

  /** The counts alone. */
  status(poolId: string): PoolCounts {
    return countMembers(this.#row(poolId), this.#deps.guests.tally(poolId));
  }

  /** Changes settings. Another template, tag, size or placement is a rollout. @throws as `create`; PoolDeletedError */
  async update(poolId: string, request: UpdateWarmPoolRequest): Promise<WarmPool> {
    const { db, pools, controller, placements } = this.#deps;
    assertReplicas(request.labels, this.#deps.hasNativePools);
    db.grow(() => {
      const before = this.#liveRow(poolId, "updated");
      if (request.name !== undefined && request.name !== before.name) this.#assertNameIsFree(request.name);
      const after = changed(before, request);
      assertBounds(after);
      // One that is gone since is no reason to refuse another change.
      if (after.placement !== before.placement) assertPlacement(after.placement, placements);
      const target = retarget(db, before, after, placements);
      pools.update(poolId, { ...after, ...rollTo(before, target), updatedAtMs: Date.now() });
      audit(db, "pool_updated", poolId, { name: after.name, changed: Object.keys(changesOf(request)) });
    });
    await controller.wake(poolId);
    return this.get(poolId);
  }

  /** Fills and hands out (again). Undoes a drain that has not ended, too. */
  enable(poolId: string): Promise<WarmPool> {
    return this.#turn(poolId, "enabled", ["disabled", "draining"], {
      enabledAtMs: Date.now(),
      drainRequestedAtMs: null,
      disabledAtMs: null,
      failureCount: 0,
      failureAtMs: null,
    });
  }

  /** Neither fills nor hands out; what is ready is kept. Ends a drain that is under way. */
  disable(poolId: string): Promise<WarmPool> {
    return this.#turn(poolId, "disabled", ["enabled", "draining"], { disabledAtMs: Date.now() });
  }

  /** Neither fills nor hands out, and lets everything go that nobody holds; the pool is disabled when that is done. */
  drain(poolId: string): Promise<WarmPool> {
    return this.#turn(poolId, "draining", ["enabled", "disabled"], { drainRequestedAtMs: Date.now() });
  }

  /** Drains for good. Machines that were checked out live on; the record stays readable. */
  async delete(poolId: string): Promise<WarmPool> {
    const { db, pools, controller } = this.#deps;
    const { name } = this.#row(poolId);
    const nowMs = Date.now();
    const change = { state: "deleted", deletedAtMs: nowMs, drainRequestedAtMs: nowMs, updatedAtMs: nowMs } as const;
    db.transaction(() => {
      if (pools.update(poolId, change, LIVE)) audit(db, "pool_deleted", poolId, { name });
    });
    await controller.wake(poolId);
    return this.get(poolId);
  }

  /** Runs the controller once over the pool and waits for it. */
  async reconcile(poolId: string): Promise<WarmPool> {
    this.#row(poolId);
    await this.#deps.controller.reconcile(poolId);
    return this.get(poolId);
  }

  async #turn(
    poolId: string,
    state: Exclude<PoolState, "deleted">,
    from: readonly PoolState[],
    change: Partial<PoolRow>,
  ): Promise<WarmPool> {
    const done = state === "draining" ? "drained" : state;
    const { name } = this.#liveRow(poolId, done);
    const { db, pools } = this.#deps;
    // In that state already: nothing to do, and the times of the first call stand.
    const turn = () => {
      if (!pools.update(poolId, { ...change, state, updatedAtMs: Date.now() }, from)) return false;
      audit(db, `pool_${done}`, poolId, { name });
      return true;
    };
    // A pool that is filled takes room; one that is emptied gives it back.
    const isTurned = state === "enabled" ? db.grow(turn) : db.transaction(turn);
    if (isTurned) await this.#deps.controller.wake(poolId);
    return this.get(poolId);
  }

  #row(poolId: string): PoolRow {
    const pool = this.#deps.pools.get(poolId);
    if (pool === undefined) throw new WarmPoolNotFoundError(poolId);
    return pool;
  }

  #liveRow(poolId: string, action: string): PoolRow {
    const pool = this.#row(poolId);
    if (pool.state === "deleted") throw new PoolDeletedError(poolId, action);
    return pool;
  }

  #assertNameIsFree(name: string): void {
    const holder = this.#deps.pools.liveByName(name);
    if (holder !== undefined) throw new PoolNameTakenError(name, holder.poolId);
  }
}

function splitLabel(text: string): [key: string, value: string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}
