import { asCaller, SERVICE } from "../../caller.ts";
import { ResourceNotFoundError } from "../../errors.ts";
import { audit } from "../../store/audit.ts";
import { writeIfRoom } from "../../store/disk-room.ts";
import type { Database } from "../../store/database.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import {
  MACHINE_STATUSES,
  type MachineFilter,
  type NumberedMachine,
  type MachineRow,
  type MachineStore,
} from "../../store/machines.ts";
import { MachineNotReadyError } from "./errors.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";
import type { MachineDriver } from "../guests/machine-driver.ts";
import { checkHibernation, checkTimeout } from "./machine-json.ts";

/** A delete answers at the latest after this long; what is recorded is done later in any case. */
const REMOVAL_WAIT_MS = 15_000;

/** What the service of machines needs. */
export interface MachineServiceDeps {
  readonly db: Database;
  readonly machines: MachineStore;
  readonly guests: GuestStore;
  readonly runner: GuestRunner;
  readonly driver: MachineDriver;
  /** Has the expiry look at its clock again. */
  readonly onChange: () => void;
}

/** A machine that runs, and the guest that it is. */
export interface RunningMachine {
  readonly machine: MachineRow;
  readonly guest: Guest;
}

/** What can be done with a machine once it exists, except running commands. */
export class MachineService {
  readonly #deps: MachineServiceDeps;
  /** Pausing or resuming that is under way, by machine: one after the other. */
  readonly #flights = new Map<string, Promise<unknown>>();
  /** Commands that run, by machine. */
  readonly #commands = new Map<string, number>();

  constructor(deps: MachineServiceDeps) {
    this.#deps = deps;
  }

  /** @throws ResourceNotFoundError `machine_not_found` */
  get(machineId: string): MachineRow {
    const machine = this.#deps.machines.get(machineId);
    if (machine !== undefined) return machine;
    throw new ResourceNotFoundError("machine_not_found", `There is no machine "${machineId}".`, {
      suggestedAction: "List them with GET /v1/machines, or `nullspace machine list`.",
    });
  }

  list(filter: MachineFilter): NumberedMachine[] {
    return this.#deps.machines.list(filter);
  }

  /** Ends a machine, whatever it does. Ending it twice is a success. */
  async destroy(machineId: string): Promise<MachineRow> {
    this.get(machineId);
    await this.end(machineId, "destroyed");
    return this.get(machineId);
  }

  /** Ends a machine whose guest lives no more. @param how in words */
  died(machineId: string, how: string): Promise<void> {
    // Whoever had it looked at has not ended it.
    return asCaller(SERVICE, () => this.end(machineId, "error", how));
  }

  /**
   * Ends a machine: recorded first, then its guest is removed.
   *
   * @param failure why, when it did not end by anyone's will
   */
  async end(machineId: string, status: "destroyed" | "error", failure: string | null = null): Promise<void> {
    const { db, machines, guests, runner, onChange } = this.#deps;
    const guest = db.transaction(() => {
      const from = MACHINE_STATUSES.filter((each) => each !== "destroyed" && each !== status);
      // One that nobody has got yet never was: a request that is repeated makes another.
      machines.update(machineId, { idempotencyKey: null }, ["creating"]);
      if (machines.update(machineId, { status, failure, endedAtMs: Date.now() }, from)) {
        audit(db, "machine_ended", machineId, { status });
      }
      const mine = guests.ofMachine(machineId);
      if (mine !== undefined) guests.release(mine.guestId, ["claimed"], status);
      return mine;
    });
    onChange();
    if (guest === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, REMOVAL_WAIT_MS)));
    await Promise.race([runner.takeDown(guest), late]);
    clearTimeout(timer);
  }

  /** Gives a machine another `timeoutMs` from now. */
  setTimeout(machineId: string, timeoutMs: number, timeoutAction?: "destroy" | "hibernate"): MachineRow {
    checkTimeout(timeoutMs);
    if (timeoutAction === "hibernate") checkHibernation(this.#deps.driver.capabilities, "timeout_action");
    const machine = this.get(machineId);
    const nowMs = Date.now();
    const isChanged = this.#deps.machines.update(
      machineId,
      {
        timeoutMs,
        timeoutAtMs: nowMs + timeoutMs,
        lastActiveAtMs: nowMs,
        ...(timeoutAction !== undefined && { timeoutAction }),
      },
      ["creating", "running", "paused"],
    );
    if (!isChanged) throw new MachineNotReadyError(machineId, machine.status, "take another timeout");
    this.#deps.onChange();
    return this.get(machineId);
  }

  /**
   * Freezes a machine: what it holds in memory stays, and its time stands still. Recorded first: after a crash the watch
   * makes it so.
   */
  pause(machineId: string): Promise<void> {
    return this.#alone(machineId, async () => {
      const { driver, onChange } = this.#deps;
      const { guest } = this.running(machineId, "be paused");
      this.#turn(machineId, "running", { status: "paused", pausedAtMs: Date.now() });
      try {
        await driver.pause(guest.guestId);
      } catch (error) {
        this.#turn(machineId, "paused", { status: "running", pausedAtMs: null }, "it could not be paused");
        throw error;
      } finally {
        onChange();
      }
    });
  }

  /**
   * Lets a paused machine go on, with its whole time before it. A machine that runs is left as it is. Who asks at the same
   * time gets the same answer.
   */
  resume(machineId: string): Promise<MachineRow> {
    return this.#alone(machineId, async () => {
      const { guests, driver, onChange } = this.#deps;
      const machine = this.get(machineId);
      if (machine.status === "running") return machine;
      const guest = guests.ofMachine(machineId);
      if (machine.status !== "paused" || guest === undefined) {
        throw new MachineNotReadyError(machineId, machine.status, "be resumed");
      }
      const nowMs = Date.now();
      const times = { lastActiveAtMs: nowMs, timeoutAtMs: nowMs + machine.timeoutMs };
      this.#turn(machineId, "paused", { status: "running", pausedAtMs: null, ...times });
      try {
        await driver.resume(guest.guestId);
      } catch (error) {
        const change = { status: "paused", pausedAtMs: machine.pausedAtMs } as const;
        this.#turn(machineId, "running", change, "it could not be resumed");
        throw error;
      } finally {
        onChange();
      }
      return this.get(machineId);
    });
  }

  /** Records a pause or its end. @param reason why, where nobody asked for it */
  #turn(
    machineId: string,
    from: "running" | "paused",
    change: Partial<MachineRow> & { status: "running" | "paused" },
    reason?: string,
  ): void {
    const { db, machines } = this.#deps;
    db.transaction(() => {
      if (!machines.update(machineId, change, [from])) return;
      const action = change.status === "paused" ? "machine_paused" : "machine_resumed";
      audit(db, action, machineId, { ...(reason !== undefined && { reason }) });
    });
  }

  /** Whether machines can be paused here. */
  get canPause(): boolean {
    return this.#deps.driver.capabilities.pauses;
  }

  /** Makes the driver's guest what the store says of its machine: a crash, or somebody at the engine, parted the two. */
  async align(machineId: string, isPaused: boolean): Promise<void> {
    // Whoever is at work on it brings the two together.
    if (this.#flights.has(machineId)) return;
    await this.#alone(machineId, async () => {
      const { machines, guests, driver } = this.#deps;
      const status = machines.get(machineId)?.status;
      const guest = guests.ofMachine(machineId);
      if (guest === undefined) return;
      if (status === "paused" && !isPaused) await driver.pause(guest.guestId);
      if (status === "running" && isPaused) await driver.resume(guest.guestId);
    });
  }

  /** Runs a command in a machine, which is in use as long as it runs. */
  async inUse<Result>(machineId: string, command: () => Promise<Result>): Promise<Result> {
    this.touch(machineId);
    this.#commands.set(machineId, (this.#commands.get(machineId) ?? 0) + 1);
    try {
      return await command();
    } finally {
      const left = (this.#commands.get(machineId) ?? 1) - 1;
      if (left > 0) this.#commands.set(machineId, left);
      else this.#commands.delete(machineId);
      this.touch(machineId);
    }
  }

  /** Whether a command runs in the machine. */
  isInUse(machineId: string): boolean {
    return this.#commands.has(machineId);
  }

  /** Runs `work` when nothing else of the kind is at work on the machine. */
  async #alone<Result>(machineId: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#flights.get(machineId) ?? Promise.resolve();
    const flight = before.then(work, work);
    this.#flights.set(machineId, flight);
    try {
      return await flight;
    } finally {
      if (this.#flights.get(machineId) === flight) this.#flights.delete(machineId);
    }
  }

  /** A machine that runs. @throws MachineNotReadyError when it does not */
  running(machineId: string, action: string): RunningMachine {
    const machine = this.get(machineId);
    const guest = this.#deps.guests.ofMachine(machineId);
    if (machine.status !== "running" || guest === undefined) {
      throw new MachineNotReadyError(machineId, machine.status, action);
    }
    return { machine, guest };
  }

  /** Something was done with the machine just now. */
  touch(machineId: string): void {
    const { db, machines } = this.#deps;
    writeIfRoom(db, () => void machines.update(machineId, { lastActiveAtMs: Date.now() }, ["running"]));
    this.#deps.onChange();
  }
}
