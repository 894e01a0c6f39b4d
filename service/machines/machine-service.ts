import { ResourceNotFoundError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { Guest, GuestStore } from "../store/guests.ts";
import { MACHINE_STATUSES, type MachineFilter, type MachineRow, type MachineStore } from "../store/machines.ts";
import { MachineNotReadyError } from "./errors.ts";
import type { GuestRunner } from "./guest-runner.ts";
import type { MachineDriver } from "./machine-driver.ts";
import { checkTimeout } from "./machine-request.ts";

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

  list(filter: MachineFilter): MachineRow[] {
    return this.#deps.machines.list(filter);
  }

  /** Ends a machine, whatever it does. Ending it twice is a success. */
  async destroy(machineId: string): Promise<MachineRow> {
    this.get(machineId);
    await this.end(machineId, "destroyed");
    return this.get(machineId);
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
      machines.update(machineId, { status, failure, endedAtMs: Date.now() }, from);
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

  /** Freezes a machine: what it holds in memory stays, and its time stands still. */
  async pause(machineId: string): Promise<void> {
    const { machines, driver, onChange } = this.#deps;
    const { guest } = this.running(machineId, "be paused");
    await driver.pause(guest.guestId);
    machines.update(machineId, { status: "paused", pausedAtMs: Date.now() }, ["running"]);
    onChange();
  }

  /** Lets a paused machine go on, with its whole time before it. A machine that runs is left as it is. */
  async resume(machineId: string): Promise<MachineRow> {
    const { machines, guests, driver, onChange } = this.#deps;
    const machine = this.get(machineId);
    if (machine.status === "running") return machine;
    const guest = guests.ofMachine(machineId);
    if (machine.status !== "paused" || guest === undefined) {
      throw new MachineNotReadyError(machineId, machine.status, "be resumed");
    }
    await driver.resume(guest.guestId);
    const nowMs = Date.now();
    machines.update(
      machineId,
      { status: "running", pausedAtMs: null, lastActiveAtMs: nowMs, timeoutAtMs: nowMs + machine.timeoutMs },
      ["paused"],
    );
    onChange();
    return this.get(machineId);
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
    this.#deps.machines.update(machineId, { lastActiveAtMs: Date.now() }, ["running"]);
    this.#deps.onChange();
  }
}
