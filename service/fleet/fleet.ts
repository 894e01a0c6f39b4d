import type { Readiness } from "pulumi-nullspace/sdk";
import { asError, TemplateNotFoundError } from "../errors.ts";
import { MachineCreator } from "./machines/create-machine.ts";
import type { MachineObserver } from "./machines/machine-observer.ts";
import { MachineExpiry } from "./machines/expiry.ts";
import { ClaimTraffic } from "./guests/claim-traffic.ts";
import { GuestRunner } from "./guests/guest-runner.ts";
import type { NativePools } from "./guests/native-pools.ts";
import { GuestWatch } from "./guests/guest-watch.ts";
import type { MachineDriver } from "./guests/machine-driver.ts";
import { MachineService } from "./machines/machine-service.ts";
import { LiveCommands } from "./machines/live-commands.ts";
import { SizeLimits } from "./machines/size-limits.ts";
import { recoverMachines } from "./machines/recovery.ts";
import type { ServiceDeps } from "../service-deps.ts";
import type { Database } from "../store/database.ts";
import { GuestStore } from "../store/guests.ts";
import { MachineStore } from "../store/machines.ts";
import { PoolStore } from "../store/warm-pools.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { NativeGenerationStore } from "../store/native-generations.ts";
import { MemberCheckout } from "./pools/checkout.ts";
import { MemberHealth } from "./pools/member-health.ts";
import { NativeKeeper, nameLeftovers } from "./pools/native/native-keeper.ts";
import type { NativeObserver } from "./pools/native/native-observer.ts";
import type { NativeStatus } from "./pools/native/native-status.ts";
import { PoolController } from "./pools/pool-controller.ts";
import { PoolSampler } from "./pools/pool-sampler.ts";
import { PoolService } from "./pools/pool-service.ts";

/** What a fleet is made of. */
export interface FleetDeps extends Pick<ServiceDeps, "db" | "log" | "events" | "stopping"> {
  /** What runs the machines. */
  readonly driver: MachineDriver;
  /** Pools for other programs. @default there are none */
  readonly nativePools?: NativePools;
  /**
   * The image of an artifact was not there when a machine of it was to start.
   *
   * @default nobody is told
   */
  readonly onImageMissing?: (templateId: string) => void;
  /** Is told how requests for machines end. @default nobody is */
  readonly observers?: readonly MachineObserver[];
  /** Are told what fails with pools for other programs. @default nobody is */
  readonly nativeObservers?: readonly NativeObserver[];
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
  /** Commands whose output is streamed to somebody. */
  readonly live = new LiveCommands();
  /** Bounds on what is asked for. */
  readonly sizes: SizeLimits;
  readonly #deps: FleetDeps;
  readonly #guests: GuestStore;
  readonly #machineStore: MachineStore;
  readonly #runner: GuestRunner;
  readonly #watch: GuestWatch;
  readonly #health: MemberHealth;
  readonly #expiry: MachineExpiry;
  readonly #controller: PoolController;
  readonly #sampler: PoolSampler;
  readonly #native: NativeKeeper | undefined;

  constructor(deps: FleetDeps) {
    const { db, log, stopping, events, driver } = deps;
    const guests = new GuestStore(db);
    const machines = new MachineStore(db);
    const pools = new PoolStore(db);
    const placements = driver.capabilities.placements ?? new Map<string, string>();
    const runner = new GuestRunner({
      guests,
      driver,
      log,
      stopping,
      findArtifact: (templateId) => resolveTemplate(db, templateId),
      letClaimsPass: (poolId, signal) => this.#controller.letClaimsPass(poolId, signal),
      onImageMissing: (templateId) => deps.onImageMissing?.(templateId),
      onGone: ({ poolId }) => {
        if (poolId !== null) this.#controller.onGone(poolId);
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
        else void this.machines.died(guest.machineId, how);
      },
      onFrozen: (guest) => this.#controller.onUnfit(guest, "it is paused"),
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
      isFollowing: () => this.#watch.isFollowing,
      onUnfit: (guest, reason) => this.#controller.onUnfit(guest, reason),
    });
    const { nativePools } = deps;
    this.#native =
      nativePools &&
      new NativeKeeper({
        db,
        pools,
        generations: new NativeGenerationStore(db),
        native: nativePools,
        log,
        stopping,
        onChange: (poolId) => void this.#controller.wake(poolId),
        observers: deps.nativeObservers,
      });
    this.#controller = new PoolController({
      db,
      pools,
      guests,
      runner,
      log,
      stopping,
      events,
      watch: this.#watch,
      traffic: new ClaimTraffic(),
      placements,
      sharesHost: driver.capabilities.sharesHost,
      ...(this.#native && { native: this.#native }),
    });
    this.#expiry = new MachineExpiry({ machines, service: this.machines, log, stopping });
    this.creator = new MachineCreator({
      db,
      machines,
      guests,
      pools: new MemberCheckout({ db, pools, guests, controller: this.#controller, health: this.#health, placements }),
      runner,
      driver,
      log,
      onChange,
      ...(deps.observers && { observers: deps.observers }),
    });
    this.#sampler = new PoolSampler({ db, log, stopping });
    const hasNativePools = nativePools?.isOn ?? false;
    this.pools = new PoolService({ db, pools, guests, controller: this.#controller, placements, hasNativePools });
    this.driver = driver;
    this.sizes = new SizeLimits(driver, log);
    this.#deps = deps;
    this.#guests = guests;
    this.#machineStore = machines;
    this.#runner = runner;
  }

  /** Pools that are being looked after: all but those that are deleted and have let everything go. */
  get poolWorkers(): number {
    return this.#controller.workers;
  }

  /** What is kept of a pool for other programs; `undefined`: nothing. */
  nativeStatus(poolId: string): NativeStatus | undefined {
    return this.#native?.statusOf(poolId);
  }

  /** The same of every pool of which anything is; `undefined`: this service keeps no pools for other programs. */
  nativeStatuses(): { isKnown: boolean; pools: NativeStatus[] } | undefined {
    if (this.#native === undefined) return undefined;
    const { isKnown } = this.#native;
    return { isKnown, pools: this.#native.poolIds().flatMap((poolId) => this.#native?.statusOf(poolId) ?? []) };
  }

  /** Puts right what a stop or a crash left, then lets pools, clocks and the watch run. Call it once, before serving. */
  start(): void {
    const { db, log } = this.#deps;
    recoverMachines({ db, machines: this.#machineStore, guests: this.#guests, runner: this.#runner, log });
    if (this.#native === undefined) nameLeftovers(new NativeGenerationStore(db).all(), log);
    this.#native?.start();
    this.#controller.start();
    this.#expiry.wake();
    // The first look at once: it finds the dead and the strays of a crash.
    this.#watch.look().catch((error: unknown) => {
      if (!this.#deps.stopping.aborted) log.warn({ err: asError(error) }, "the engine does not answer");
    });
    void this.#watch.run();
    void this.#health.run();
    this.#sampler.start();
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
    await this.#controller.settle();
    await this.#native?.settle();
  }
}
