import type { Logger } from "pino";
import { inSpan } from "pulumi-nullspace/tracing";
import { MACHINE_DEFAULTS, type CreateMachineRequest, type WarmPoolCheckout } from "pulumi-nullspace/wire";
import { asError, ConflictError, ServiceError, UnavailableError } from "../../errors.ts";
import type { PoolCheckout, WantedMachine } from "../guests/pool-checkout.ts";
import type { MachineDriver } from "../guests/machine-driver.ts";
import { compatibilityKey, type MachineShape } from "../guests/machine-shape.ts";
import { missingPlacement } from "../guests/placements.ts";
import { classifyFailure } from "../guests/start-failure.ts";
import { audit } from "../../store/audit.ts";
import type { Database } from "../../store/database.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import type { MachineRow, MachineStore } from "../../store/machines.ts";
import { MachineStartFailedError } from "./errors.ts";
import type { ClaimResult, MachineObserver } from "./machine-observer.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";
import { readMachineSpec, type MachineSpec, machineRow, wantedMachine } from "./machine-json.ts";

/** Machines that may live at once; members of pools that nobody has checked out are bounded by their pools. */
const MAX_MACHINES = 1000;

/** What the creation needs. */
export interface CreateMachineDeps {
  readonly db: Database;
  readonly guests: GuestStore;
  readonly pools: PoolCheckout;
  readonly machines: MachineStore;
  readonly runner: GuestRunner;
  readonly driver: Pick<MachineDriver, "capabilities">;
  readonly log: Logger;
  /** Has the expiry look at its clock again. */
  readonly onChange: () => void;
  readonly observers?: readonly MachineObserver[];
}

/** Creates machines: out of a pool where that is asked for and possible, else by a cold start. */
export class MachineCreator {
  readonly #deps: CreateMachineDeps;
  /** Creations under way, by idempotency key. */
  readonly #underWay = new Map<string, { digest: string; machine: Promise<MachineRow> }>();

  constructor(deps: CreateMachineDeps) {
    this.#deps = deps;
  }

  /**
   * Creates the machine of a request, once for each key: a request that comes again, at the same time or later, gets
   * the machine that the first one made. A creation that failed is forgotten, so that a repetition tries again.
   *
   * @throws ConflictError when the key came with another request before
   */
  async create(idempotencyKey: string, request: CreateMachineRequest): Promise<MachineRow> {
    return inSpan("create machine", {}, () => this.#createObserved(idempotencyKey, request));
  }

  async #createObserved(idempotencyKey: string, request: CreateMachineRequest): Promise<MachineRow> {
    const { observers = [] } = this.#deps;
    const startMs = performance.now();
    let result: ClaimResult | undefined;
    try {
      const { machine, isRepeated } = await this.#createOnce(idempotencyKey, request);
      if (!isRepeated) result = resultOf(machine);
      return machine;
    } catch (error) {
      result = isRefusal(error) ? "refused" : "failed";
      throw error;
    } finally {
      const tookMs = performance.now() - startMs;
      if (result !== undefined) for (const observer of observers) observer.claimed(result, tookMs);
    }
  }

  async #createOnce(
    idempotencyKey: string,
    request: CreateMachineRequest,
  ): Promise<{ machine: MachineRow; isRepeated: boolean }> {
    const spec = readMachineSpec(request, this.#deps.driver.capabilities);
    const underWay = this.#underWay.get(idempotencyKey);
    if (underWay !== undefined) {
      if (underWay.digest !== spec.digest) throw keyReused(idempotencyKey);
      return { machine: await underWay.machine, isRepeated: true };
    }
    const known = this.#deps.machines.byIdempotencyKey(idempotencyKey);
    if (known !== undefined) {
      if (known.requestDigest !== spec.digest) throw keyReused(idempotencyKey);
      return { machine: known, isRepeated: true };
    }
    const machine = this.#create(idempotencyKey, spec).finally(() => this.#underWay.delete(idempotencyKey));
    this.#underWay.set(idempotencyKey, { digest: spec.digest, machine });
    return { machine: await machine, isRepeated: false };
  }

  /** Waits until no creation is under way. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#underWay.values()].map(({ machine }) => machine));
  }

  async #create(key: string, spec: MachineSpec): Promise<MachineRow> {
    const { pools } = this.#deps;
    const findPool = () => (spec.pool?.id === undefined ? undefined : pools.get(spec.pool.id));
    const pool = findPool();
    const ref = spec.template ?? pool?.templateRef ?? MACHINE_DEFAULTS.template;
    // What is wanted as of now: while a checkout waits, a tag may move, and the pool with it.
    const want = () => wantedMachine(this.#deps, spec, ref, findPool());
    // Before anything waits: a reference that leads nowhere is an error at once.
    want();
    const mode = spec.pool?.mode ?? pool?.checkoutPolicy;

    if (pool !== undefined && (mode === "prefer" || mode === "require")) {
      const checkout = { id: pool.poolId, mode, wait_ms: spec.pool?.waitMs ?? 0 };
      const hit = await this.#fromPool(key, spec, ref, want, checkout);
      if (hit !== null) return hit;
      return this.#coldStart(key, spec, ref, want(), { source: "cold_create", hit: false, ...checkout });
    }
    if (spec.pool === undefined) return this.#coldStart(key, spec, ref, want(), null);
    const bypassed: WarmPoolCheckout = { source: "bypassed", hit: false, mode: "bypass" };
    return this.#coldStart(key, spec, ref, want(), pool === undefined ? bypassed : { ...bypassed, id: pool.poolId });
  }

  async #fromPool(
    key: string,
    spec: MachineSpec,
    ref: string,
    want: () => WantedMachine,
    checkout: { id: string; mode: "prefer" | "require"; wait_ms: number },
  ): Promise<MachineRow | null> {
    const { db, machines, guests, pools, runner, onChange } = this.#deps;
    const hit = await pools.checkOut({
      poolId: checkout.id,
      want,
      mode: checkout.mode,
      waitMs: checkout.wait_ms,
      writeOwner: (guest) => {
        const answer: WarmPoolCheckout = { source: "ready_instance", hit: true, ...checkout };
        const row = machineRow(key, spec, ref, { ...guest, internetAccess: guest.internetAccess === 1 }, answer);
        machines.insert(row);
        const detail = { template: ref, templateId: guest.templateId, poolId: checkout.id, guestId: guest.guestId };
        audit(db, "machine_claimed", row.machineId, detail);
        return row.machineId;
      },
      eraseOwner: (machineId, guest) => {
        this.#fail(machineId, "The machine of the pool was no longer fit when it was checked out.");
        const dead = guests.get(guest.guestId);
        if (dead !== undefined) void runner.takeDown(dead);
      },
    });
    if (hit === null) return null;
    return this.#started(hit.machineId, onChange);
  }

  async #coldStart(
    key: string,
    spec: MachineSpec,
    ref: string,
    shape: MachineShape,
    checkout: WarmPoolCheckout | null,
  ): Promise<MachineRow> {
    const { db, machines, guests, runner, driver, log, onChange } = this.#deps;
    const missing = missingPlacement(shape, driver.capabilities.placements ?? new Map<string, string>());
    if (missing !== undefined) throw new ConflictError(missing);
    if (machines.countLive() >= MAX_MACHINES) throw tooManyMachines();
    const row = machineRow(key, spec, ref, shape, checkout);
    const guest = db.grow((): Guest => {
      machines.insert(row);
      audit(db, "machine_created", row.machineId, { template: ref, templateId: shape.templateId });
      return guests.insert(
        {
          ...shape,
          poolId: null,
          machineId: row.machineId,
          compatibilityKey: compatibilityKey(shape),
          internetAccess: shape.internetAccess ? 1 : 0,
        },
        Date.now(),
      );
    });
    try {
      await runner.bringUp(guest);
    } catch (thrown) {
      const error = asError(thrown);
      if (machines.get(row.machineId)?.status === "destroyed") {
        throw new ConflictError(`Machine ${row.machineId} was destroyed while it was being created.`, { cause: error });
      }
      log.warn({ machineId: row.machineId, err: error }, "a machine did not come up");
      this.#fail(row.machineId, error.message);
      const failed = guests.get(guest.guestId);
      if (failed !== undefined) void runner.takeDown(failed);
      if (classifyFailure(error).engineAway) throw error;
      if (runner.isStopping)
        throw new UnavailableError("The service stops; ask again when it is back.", { cause: error });
      throw new MachineStartFailedError(ref, error);
    }
    guests.markUp(guest.guestId, Date.now());
    return this.#started(row.machineId, onChange);
  }

  /** The machine is usable from here on, and its time begins. */
  #started(machineId: string, onChange: () => void): MachineRow {
    const { machines } = this.#deps;
    const nowMs = Date.now();
    const row = machines.get(machineId);
    const timeoutAtMs = nowMs + (row?.timeoutMs ?? 0);
    const change = { status: "running", startedAtMs: nowMs, lastActiveAtMs: nowMs, timeoutAtMs } as const;
    machines.update(machineId, change, ["creating"]);
    onChange();
    const machine = machines.get(machineId);
    if (machine?.status !== "running") {
      throw new ConflictError(`Machine ${machineId} was destroyed while it was being created.`);
    }
    return machine;
  }

  /** The machine never was: its guest goes, and its key may be used again. */
  #fail(machineId: string, failure: string): void {
    const { db, machines, guests } = this.#deps;
    db.transaction(() => {
      const guest = guests.ofMachine(machineId);
      if (guest !== undefined) guests.release(guest.guestId, ["claimed"], "failed");
      const change = { status: "error", failure, idempotencyKey: null, endedAtMs: Date.now() } as const;
      if (machines.update(machineId, change, ["creating"])) {
        audit(db, "machine_ended", machineId, { status: "error" });
      }
    });
  }
}

function resultOf({ checkout }: MachineRow): ClaimResult {
  const source = checkout === null ? undefined : (JSON.parse(checkout) as WarmPoolCheckout).source;
  if (source === "ready_instance") return "hit";
  return source === "cold_create" ? "miss" : "cold";
}

/** What is wrong is the request, or what there is for it: not a machine, and not the engine. */
function isRefusal(error: unknown): boolean {
  return error instanceof ServiceError && error.status < 500;
}

function tooManyMachines(): ServiceError {
  return new ServiceError(`${MAX_MACHINES} machines are alive already, the most that this service allows.`, {
    code: "quota_exceeded",
    status: 429,
    retryable: true,
    suggestedAction: "Delete machines that are not needed, or give them shorter timeouts.",
  });
}

function keyReused(key: string): ConflictError {
  return new ConflictError(`The idempotency key "${key}" was used for another request.`, {
    suggestedAction: "Send the same body with it, or use a new key.",
  });
}
