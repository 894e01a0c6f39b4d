import type { Readiness } from "pulumi-nullspace/sdk";
import { asError, TemplateNotFoundError } from "../errors.ts";
import type { ServiceApp } from "../http/service-app.ts";
import { registerMachineRoutes } from "../http/routes/machines.ts";
import { registerWarmPoolRoutes } from "../http/routes/warm-pools.ts";
import { MachineCreator } from "../machines/create-machine.ts";
import { DockerMachineDriver } from "../machines/docker-driver.ts";
import { MachineExpiry } from "../machines/expiry.ts";
import { GuestRunner } from "../machines/guest-runner.ts";
import { GuestWatch } from "../machines/guest-watch.ts";
import type { MachineDriver } from "../machines/machine-driver.ts";
import { MachineService } from "../machines/machine-service.ts";
import { SizeLimits } from "../machines/size-limits.ts";
import { recoverMachines } from "../machines/recovery.ts";
import type { ServiceDeps } from "../service-deps.ts";
import type { Database } from "../store/database.ts";
import { GuestStore } from "../store/guests.ts";
import { MachineStore } from "../store/machines.ts";
import { PoolStore } from "../store/warm-pools.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { MemberHealth } from "./member-health.ts";
import { PoolController } from "./pool-controller.ts";
import { PoolService } from "./pool-service.ts";

/** What a fleet needs beside the parts of every service. */
export interface FleetOptions {
  /** Makes a builtin that a reference names, if need be. Default: nothing is made. */
  readonly prepare?: (ref: string, signal: AbortSignal) => Promise<void>;
  /** Puts something around the driver of the service's engine. Default: nothing. */
  readonly wrapDriver?: (driver: MachineDriver) => MachineDriver;
}

function readinessOf(db: Database, templateId: string): Readiness | undefined {
  try {
    return resolveTemplate(db, templateId).readiness;
  } catch (error) {
    if (error instanceof TemplateNotFoundError) return undefined;
    throw error;
  }
}

/** The machines and warm pools of a service, wired together. */
export class Fleet {
  readonly machines: MachineService;
  readonly creator: MachineCreator;
  readonly pools: PoolService;
  readonly driver: MachineDriver;
  /** Bounds on what is asked for. */
  readonly sizes: SizeLimits;
  readonly #deps: ServiceDeps;
  readonly #prepare: (ref: string, signal: AbortSignal) => Promise<void>;
  readonly #guests: GuestStore;
  readonly #machineStore: MachineStore;
  readonly #runner: GuestRunner;
  readonly #watch: GuestWatch;
  readonly #health: MemberHealth;
  readonly #expiry: MachineExpiry;
  readonly #controller: PoolController;

  constructor(deps: ServiceDeps, options: FleetOptions = {}) {
    const { db, log, stopping, events } = deps;
    const guests = new GuestStore(db);
    const machines = new MachineStore(db);
    const pools = new PoolStore(db);
    const engineDriver = new DockerMachineDriver(deps.engine, deps.instanceId, log);
    const driver = options.wrapDriver?.(engineDriver) ?? engineDriver;
    const runner = new GuestRunner({
      guests,
      driver,
      log,
      stopping,
      findArtifact: (templateId) => resolveTemplate(db, templateId),
      onGone: ({ poolId }) => {
        if (poolId !== null) void this.#controller.wake(poolId);
      },
    });
    const onChange = () => this.#expiry.wake();
    this.machines = new MachineService({ db, machines, guests, runner, driver, onChange });
    this.#watch = new GuestWatch({
      guests,
      driver,
      log,
      stopping,
      onDied: (guest, how) => {
        if (guest.machineId === null) this.#controller.onDied(guest, how);
        else void this.machines.end(guest.machineId, "error", how);
      },
      onSeen: (machineId, isPaused) => {
        if (isPaused === (machines.get(machineId)?.status === "paused")) return;
        this.machines.align(machineId, isPaused).catch((error: unknown) => {
          log.warn({ machineId, err: asError(error) }, "a machine is not as it is recorded; trying again");
        });
      },
    });
    this.#health = new MemberHealth({
      guests,
      driver,
      log,
      stopping,
      readinessOf: (templateId) => readinessOf(db, templateId),
      onUnfit: (guest, reason) => this.#controller.onUnfit(guest, reason),
    });
    this.#controller = new PoolController({ db, pools, guests, runner, log, stopping, events, watch: this.#watch });
    this.#expiry = new MachineExpiry({ machines, service: this.machines, log, stopping });
    this.creator = new MachineCreator({
      db,
      machines,
      guests,
      pools,
      runner,
      log,
      onChange,
      controller: this.#controller,
      health: this.#health,
    });
    this.pools = new PoolService({ db, pools, guests, controller: this.#controller });
    this.driver = driver;
    this.sizes = new SizeLimits(deps.engine);
    this.#deps = deps;
    this.#prepare = options.prepare ?? (async () => undefined);
    this.#guests = guests;
    this.#machineStore = machines;
    this.#runner = runner;
  }

  /** Pools that are being looked after: all but those that are deleted and have let everything go. */
  get poolWorkers(): number {
    return this.#controller.workers;
  }

  /** Serves the calls on machines and warm pools. */
  registerRoutes(app: ServiceApp): void {
    const routes = { fleet: this, stopping: this.#deps.stopping, prepare: this.#prepare };
    // Machines were called sandboxes before; programs of that time still find them.
    for (const path of ["/v1/machines", "/v1/sandboxes"]) registerMachineRoutes(app, { ...routes, path });
    registerWarmPoolRoutes(app, routes);
  }

  /** Puts right what a stop or a crash left, then lets pools, clocks and the watch run. Call it once, before serving. */
  start(): void {
    const { db, log } = this.#deps;
    recoverMachines({ db, machines: this.#machineStore, guests: this.#guests, runner: this.#runner, log });
    this.#controller.start();
    this.#expiry.wake();
    // The first look at once: it finds the dead and the strays of a crash.
    this.#watch.look().catch((error: unknown) => {
      if (!this.#deps.stopping.aborted) log.warn({ err: asError(error) }, "the engine does not answer");
    });
    void this.#watch.run();
    void this.#health.run();
  }

  /**
   * Waits until nothing is under way any more; call it after `stopping` was aborted and before the store is closed.
   * Containers go on: the next start takes them up again.
   */
  async settle(): Promise<void> {
    await this.#watch.settle();
    await this.#health.settle();
    await this.creator.settle();
    await this.#runner.settle();
  }
}
