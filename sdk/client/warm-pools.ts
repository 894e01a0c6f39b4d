import { amount, options as optionsOf, whole, check, object, text } from "../arguments/index.ts";
import { CALL_MEMBERS, CALL, WARM_POOL_LIST_QUERY } from "./argument-rules.ts";
import type {
  WarmPool,
  WarmPoolStatusCounts,
  CreateWarmPoolRequest,
  UpdateWarmPoolRequest,
  WarmPoolListQuery,
} from "../wire/warm-pool.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { ConflictError, TimeoutError } from "./errors.ts";
import { path } from "./path.ts";
import { pause } from "../concurrency/index.ts";
import type { Transport } from "./transport.ts";

/** A pass of the pool's controller may start machines: more than a plain call. */
const CONTROL_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 300_000;
const READY_INTERVAL_MS = 500;

/** How to wait for a pool. */
export interface WaitUntilReadyOptions extends CallOptions {
  /**
   * Ready machines to wait for.
   *
   * @default the pool's own `min_ready`, as it is at each look
   */
  minReady?: number | undefined;
  /**
   * Between two looks, milliseconds.
   *
   * @default 500
   */
  intervalMs?: number | undefined;
  /**
   * Give up after this long, milliseconds.
   *
   * @default 300_000
   */
  timeoutMs?: number | undefined;
}

export const WAIT = optionsOf<WaitUntilReadyOptions>({ ...CALL_MEMBERS, minReady: whole(0), intervalMs: amount });

/**
 * Pools of machines kept ready.
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const pool = await client.warmPools.create({
 *   name: "web",
 *   template_ref: "acme/web:stable",
 *   min_ready: 2,
 *   max_ready: 4,
 *   resources: { vcpus: 2, memory_mb: 512 },
 * });
 * await client.warmPools.waitUntilReady(pool.id);
 * ```
 */
export class WarmPoolsApi {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Makes a pool and begins to fill it. */
  async create(request: CreateWarmPoolRequest, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.create", { request: object, options: CALL }, { request, options });
    return this.#transport.json(
      {
        what: `create warm pool ${request.name}`,
        method: "POST",
        path: "/v1/template-warm-pools",
        body: request,
        ...pickCallOptions(options),
      },
      (wire) => wire.WarmPool,
    );
  }

  /** A pool by id; deleted ones too, for as long as the service remembers them. */
  async get(id: string, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.get", { id: text, options: CALL }, { id, options });
    return this.#transport.json(
      {
        what: `read warm pool ${id}`,
        method: "GET",
        path: path`/v1/template-warm-pools/${id}`,
        ...pickCallOptions(options),
      },
      (wire) => wire.WarmPool,
    );
  }

  /** Pools that match every given filter. */
  async list(query: WarmPoolListQuery = {}, options: CallOptions = {}): Promise<WarmPool[]> {
    check("warmPools.list", { query: WARM_POOL_LIST_QUERY, options: CALL }, { query, options });
    const answer = await this.#transport.json(
      {
        what: "list warm pools",
        method: "GET",
        path: "/v1/template-warm-pools",
        query: { ...query },
        ...pickCallOptions(options),
      },
      (wire) => wire.WarmPoolList.or(wire.WarmPool.array()),
    );
    return Array.isArray(answer) ? answer : answer.items;
  }

  /** Changes the given members; the rest stays. */
  async update(id: string, request: UpdateWarmPoolRequest, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.update", { id: text, request: object, options: CALL }, { id, request, options });
    return this.#transport.json(
      {
        what: `update warm pool ${id}`,
        method: "PATCH",
        path: path`/v1/template-warm-pools/${id}`,
        body: request,
        repeatable: true,
        ...pickCallOptions(options),
      },
      (wire) => wire.WarmPool,
    );
  }

  /** Marks the pool deleted and removes its machines; those already checked out keep running. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    check("warmPools.delete", { id: text, options: CALL }, { id, options });
    await this.#transport.done({
      what: `delete warm pool ${id}`,
      method: "DELETE",
      path: path`/v1/template-warm-pools/${id}`,
      timeoutMs: options.timeoutMs ?? CONTROL_TIMEOUT_MS,
      signal: options.signal,
    });
  }

  /** Fills the pool, from disabled or draining. */
  async enable(id: string, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.enable", { id: text, options: CALL }, { id, options });
    return this.#control(id, "enable", options);
  }

  /** Stops filling and checkout; ready machines stay. */
  async disable(id: string, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.disable", { id: text, options: CALL }, { id, options });
    return this.#control(id, "disable", options);
  }

  /** Stops filling and checkout, and lets ready machines go. */
  async drain(id: string, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.drain", { id: text, options: CALL }, { id, options });
    return this.#control(id, "drain", options);
  }

  /** Runs the pool's controller once, now. */
  async reconcile(id: string, options: CallOptions = {}): Promise<WarmPool> {
    check("warmPools.reconcile", { id: text, options: CALL }, { id, options });
    return this.#control(id, "reconcile", options);
  }

  /** Members of the pool by what they are doing. */
  async status(id: string, options: CallOptions = {}): Promise<WarmPoolStatusCounts> {
    check("warmPools.status", { id: text, options: CALL }, { id, options });
    return this.#transport.json(
      {
        what: `read the status of warm pool ${id}`,
        method: "GET",
        path: path`/v1/template-warm-pools/${id}/status`,
        ...pickCallOptions(options),
      },
      (wire) => wire.WarmPoolStatusCounts,
    );
  }

  /**
   * Waits until enough machines are ready.
   *
   * @throws TimeoutError when that does not happen in time; the message says what is holding the pool up
   * @throws ConflictError when it cannot happen: the pool is deleted, disabled or drained, or too small
   */
  async waitUntilReady(id: string, options: WaitUntilReadyOptions = {}): Promise<WarmPool> {
    check("warmPools.waitUntilReady", { id: text, options: WAIT }, { id, options });
    const timeoutMs = options.timeoutMs ?? READY_TIMEOUT_MS;
    const { minReady, intervalMs = READY_INTERVAL_MS, signal } = options;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const pool = await this.get(id, { signal });
      const target = minReady ?? pool.min_ready;
      // State first: a deleted pool with a target of 0 is not ready, whatever its counts say.
      refuseHopeless(pool, target);
      if (pool.status.ready >= target) return pool;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        const why = pool.degraded_reason ? `; it is degraded: ${pool.degraded_reason}` : "";
        throw new TimeoutError(
          `Warm pool ${pool.name || id} has ${pool.status.ready} of ${target} machines ready after ${timeoutMs} ms ` +
            `(${pool.status.warming} warming, ${pool.status.failed} failed${why}).`,
          { timeoutMs },
        );
      }
      await pause(Math.min(intervalMs, leftMs), signal);
    }
  }

  #control(id: string, verb: "enable" | "disable" | "drain" | "reconcile", options: CallOptions): Promise<WarmPool> {
    return this.#transport.json(
      {
        what: `${verb} warm pool ${id}`,
        method: "POST",
        path: path`/v1/template-warm-pools/${id}/${verb}`,
        repeatable: true,
        timeoutMs: options.timeoutMs ?? CONTROL_TIMEOUT_MS,
        signal: options.signal,
      },
      (wire) => wire.WarmPool,
    );
  }
}

function refuseHopeless(pool: WarmPool, target: number): void {
  const name = `Warm pool ${pool.name || pool.id}`;
  if (pool.state === "deleted") {
    throw new ConflictError(`${name} is deleted and will never be ready.`, { code: "conflict" });
  }
  if ((pool.state === "disabled" || pool.state === "draining") && pool.status.ready < target) {
    throw new ConflictError(`${name} is ${pool.state} and is no longer being filled. Enable it first.`, {
      code: "conflict",
    });
  }
  if (target > pool.max_ready) {
    throw new ConflictError(
      `${name} holds at most ${pool.max_ready} ready machines, so ${target} will never be ready.`,
      {
        code: "conflict",
      },
    );
  }
}
