import {
  anyText,
  check,
  object,
  oneOf,
  options as optionsOf,
  recordOf,
  required,
  text,
  whole,
  type Members,
} from "../../arguments/index.ts";
import { RENAMED_SIZES } from "../../template/create-request.ts";
import { CALL, CALL_MEMBERS, CONNECTION_MEMBERS, WARM_POOL_LIST_QUERY } from "../argument-rules.ts";
import { WAIT } from "../warm-pools.ts";
import type {
  CheckoutPolicy,
  CreateWarmPoolRequest,
  UpdateWarmPoolRequest,
  VersionPolicy,
  WarmPool as PoolInfo,
  WarmPoolListQuery,
} from "../../wire/warm-pool.ts";
import { PROGRAM_SIZE } from "../../wire/defaults.ts";
import { SIZE_NAMES, toWire, WARM_POOL_NAMES } from "../../wire/member-names.ts";
import type { CallOptions } from "../call-options.ts";
import type { WaitUntilReadyOptions } from "../warm-pools.ts";
import { keepClient, withClient, type Connection, type ConnectionOptions } from "./connection.ts";

/** What a pool is made of. */
export interface WarmPoolSettings {
  /** 1 to 160 characters. */
  name: string;
  /** Name, tag, exact build or artifact. */
  template: string;
  /** Machines to keep ready. */
  minReady: number;
  /** Ceiling for warming plus ready. */
  maxReady: number;
  /** @default 2 */
  vcpus?: number | undefined;
  /** @default 512 */
  memoryMib?: number | undefined;
  diskMb?: number | undefined;
  /** @default `prefer` */
  checkoutPolicy?: CheckoutPolicy | undefined;
  /** @default 600 */
  idleTimeoutSeconds?: number | undefined;
  /** @default 900 */
  staleAfterSeconds?: number | undefined;
  /** @default `pinned_build` */
  versionPolicy?: VersionPolicy | undefined;
  /** Tag to follow with `track_tag`, when `template` has none. */
  trackTag?: string | undefined;
  labels?: Record<string, string> | undefined;
  metadata?: Record<string, unknown> | undefined;
}

/** Members to change; the rest stays. `trackTag: null` clears it. */
export type WarmPoolChanges = Omit<Partial<WarmPoolSettings>, "trackTag"> & { trackTag?: string | null | undefined };

const CHANGE_MEMBERS: Members<WarmPoolChanges> = {
  name: text,
  template: text,
  minReady: whole(0),
  maxReady: whole(0),
  vcpus: whole(1),
  memoryMib: whole(1),
  diskMb: whole(1),
  checkoutPolicy: oneOf("prefer", "require", "bypass"),
  idleTimeoutSeconds: whole(1),
  staleAfterSeconds: whole(1),
  versionPolicy: oneOf("pinned_build", "track_tag"),
  trackTag: { expected: "a text, or null to clear it", accepts: (value) => value === null || text.accepts(value) },
  labels: recordOf(anyText, "texts"),
  metadata: object,
};
const RENAMED = { ...RENAMED_SIZES, templateRef: "template" };
const CHANGES = optionsOf<WarmPoolChanges>(CHANGE_MEMBERS, RENAMED);
const POOL_MEMBERS: Members<WarmPoolSettings> = {
  ...CHANGE_MEMBERS,
  name: required(text),
  template: required(text),
  minReady: required(whole(0)),
  maxReady: required(whole(0)),
  trackTag: text,
};
const POOL = optionsOf<WarmPoolSettings>(POOL_MEMBERS, RENAMED);
const { template: _named, ...REST_OF_POOL } = POOL_MEMBERS;
/** As for {@link WarmPool.create}, where the template is named by itself. */
export const POOL_WITHOUT_TEMPLATE = optionsOf<Omit<WarmPoolSettings, "template">>(REST_OF_POOL, RENAMED);
const CONNECT = optionsOf<ConnectionOptions & CallOptions>({ ...CONNECTION_MEMBERS, ...CALL_MEMBERS });

/**
 * Machines of one template, kept ready. Holds a connection: close it, or let `await using` do so.
 *
 * @example
 * ```ts
 * await using pool = await WarmPool.create({ name: "web", template: "acme/web:stable", minReady: 2, maxReady: 4 });
 * await pool.waitUntilReady();
 * ```
 */
export class WarmPool implements AsyncDisposable {
  readonly #connection: Connection;
  #info: PoolInfo;

  private constructor(connection: Connection, info: PoolInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** Makes a pool and begins to fill it. */
  static async create(settings: WarmPoolSettings, options: ConnectionOptions & CallOptions = {}): Promise<WarmPool> {
    check("WarmPool.create", { settings: POOL, options: CONNECT }, { settings, options });
    const { signal } = options;
    return keepClient(options, async (connection) => {
      const info = await connection.client.warmPools.create(createRequest(settings), { signal });
      return new WarmPool(connection, info);
    });
  }

  /** A pool by id. */
  static async get(id: string, options: ConnectionOptions & CallOptions = {}): Promise<WarmPool> {
    check("WarmPool.get", { id: text, options: CONNECT }, { id, options });
    const { signal } = options;
    return keepClient(options, async (connection) => {
      return new WarmPool(connection, await connection.client.warmPools.get(id, { signal }));
    });
  }

  /** What the service says about the pools that match every given filter. */
  static async list(query: WarmPoolListQuery = {}, options: ConnectionOptions & CallOptions = {}): Promise<PoolInfo[]> {
    check("WarmPool.list", { query: WARM_POOL_LIST_QUERY, options: CONNECT }, { query, options });
    return withClient(options, (client) => client.warmPools.list(query, { signal: options.signal }));
  }

  /** `twp_…` */
  get id(): string {
    return this.#info.id;
  }

  /** Everything the service has said last about the pool; `refresh()` asks again. */
  get info(): Readonly<PoolInfo> {
    return this.#info;
  }

  /** Asks how the pool is. */
  async refresh(options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.refresh", { options: CALL }, { options });
    return (this.#info = await this.#connection.client.warmPools.get(this.id, options));
  }

  /** Changes what is given; the rest stays. Sizes that are left out are those last known. */
  async update(changes: WarmPoolChanges, options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.update", { changes: CHANGES, options: CALL }, { changes, options });
    const request = updateRequest(changes, this.#info);
    return (this.#info = await this.#connection.client.warmPools.update(this.id, request, options));
  }

  /** Fills the pool, from disabled or draining. */
  async enable(options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.enable", { options: CALL }, { options });
    return (this.#info = await this.#connection.client.warmPools.enable(this.id, options));
  }

  /** Stops filling and checkout; ready machines stay. */
  async disable(options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.disable", { options: CALL }, { options });
    return (this.#info = await this.#connection.client.warmPools.disable(this.id, options));
  }

  /** Stops filling and checkout, and lets ready machines go. */
  async drain(options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.drain", { options: CALL }, { options });
    return (this.#info = await this.#connection.client.warmPools.drain(this.id, options));
  }

  /** Runs the pool's controller once, now. */
  async reconcile(options: CallOptions = {}): Promise<PoolInfo> {
    check("WarmPool.reconcile", { options: CALL }, { options });
    return (this.#info = await this.#connection.client.warmPools.reconcile(this.id, options));
  }

  /** Marks the pool deleted and removes its machines; those already checked out keep running. */
  async delete(options: CallOptions = {}): Promise<void> {
    check("WarmPool.delete", { options: CALL }, { options });
    await this.#connection.client.warmPools.delete(this.id, options);
  }

  /** Waits until enough machines are ready: see `NullspaceClient.warmPools.waitUntilReady`. */
  async waitUntilReady(options: WaitUntilReadyOptions = {}): Promise<PoolInfo> {
    check("WarmPool.waitUntilReady", { options: WAIT }, { options });
    return (this.#info = await this.#connection.client.warmPools.waitUntilReady(this.id, options));
  }

  /** What the service has said last; for logs and `JSON.stringify`. */
  toJSON(): PoolInfo {
    return this.#info;
  }

  /** Frees the connection, unless the client was yours. The pool goes on. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function createRequest(settings: WarmPoolSettings): CreateWarmPoolRequest {
  const { vcpus = PROGRAM_SIZE.vcpus, memoryMib = PROGRAM_SIZE.memoryMib, diskMb } = settings;
  return { ...toWire(WARM_POOL_NAMES, settings), resources: toWire(SIZE_NAMES, { vcpus, memoryMib, diskMb }) };
}

function updateRequest(changes: WarmPoolChanges, known: PoolInfo): UpdateWarmPoolRequest {
  const sizes = toWire(SIZE_NAMES, changes);
  // The service takes sizes whole.
  const { vcpus, memory_mb, disk_mb } = { ...known.resources, ...sizes };
  const isResized = Object.keys(sizes).length > 0;
  return {
    ...toWire(WARM_POOL_NAMES, changes),
    ...(isResized && { resources: { vcpus, memory_mb, ...(disk_mb != null && { disk_mb }) } }),
  };
}
