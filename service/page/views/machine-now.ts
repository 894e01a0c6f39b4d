import { asError, ServiceError } from "../../errors.ts";
import type { MachineDriver } from "../../fleet/guests/machine-driver.ts";
import type { LiveCommands } from "../../fleet/machines/live-commands.ts";
import { listProcesses } from "../../fleet/machines/processes.ts";
import type { Database } from "../../store/database.ts";
import { GuestStore } from "../../store/guests.ts";
import { machineRedactor } from "./machine.ts";
import { machineOf } from "./machines.ts";

/** A page waits no longer for a host that may be frozen. */
const PATIENCE_MS = 2_000;

/** A machine is asked for its processes this seldom, however many look at it. */
const ASK_EVERY_MS = 10_000;

/** Machines whose answer is remembered; the one that was asked first is forgotten first. */
const MAX_REMEMBERED = 100;

/** Commands that are listed. */
const MOST_COMMANDS = 50;

/** A command in a machine. */
export interface MachineCommand {
  pid: number;
  command: string;
  isRunning: boolean;
}

/** What a machine is doing; what could not be found out is absent, with the reason. */
export interface MachineNow {
  /** Last lines that its main process wrote, oldest first. */
  log?: string[];
  commands?: MachineCommand[];
  problem?: string;
}

/** Looks at machines as they are now: what they wrote last, and what runs in them. */
export class MachineLooks {
  readonly #options: { db: Database; driver: MachineDriver; live: LiveCommands };
  readonly #processes = new Map<string, { askedMs: number; found: Promise<MachineCommand[]> }>();

  constructor(options: { db: Database; driver: MachineDriver; live: LiveCommands }) {
    this.#options = options;
  }

  /** @returns `undefined` for a machine that has no guest. @throws ResourceNotFoundError */
  async at(machineId: string, signal: AbortSignal): Promise<MachineNow | undefined> {
    const { db, driver, live } = this.#options;
    const row = machineOf(db, machineId);
    const guest = new GuestStore(db).ofMachine(machineId);
    if (guest === undefined) return undefined;
    const redactor = machineRedactor(db, row);
    const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const problems: string[] = [];
    const log = await driver.logs(guest.guestId, within).catch((error: unknown) => void problems.push(tell(error)));
    // A machine that is frozen runs nothing, and answers nothing.
    const background =
      row.status === "running"
        ? await patiently(this.#ask(machineId, guest.guestId), within).catch((error: unknown) => {
            problems.push(tell(error));
            return [];
          })
        : [];
    signal.throwIfAborted();
    const streamed = live.list(machineId).map(({ pid, command, running }) => ({ pid, command, isRunning: running }));
    const commands = [...streamed, ...background].slice(0, MOST_COMMANDS);
    return {
      ...(log !== undefined && { log: log.map((line) => redactor.text(line)) }),
      commands: commands.map((each) => ({ ...each, command: redactor.text(each.command) })),
      ...(problems[0] !== undefined && { problem: redactor.text(problems[0]) }),
    };
  }

  #ask(machineId: string, guestId: string): Promise<MachineCommand[]> {
    const nowMs = performance.now();
    const known = this.#processes.get(machineId);
    if (known !== undefined && nowMs - known.askedMs < ASK_EVERY_MS) return known.found;
    const found = listProcesses(this.#options.driver, guestId).then((list) =>
      list.map(({ pid, command, running }) => ({ pid, command, isRunning: running })),
    );
    // Whoever waits hears of it; it may be that nobody does any more.
    found.catch(() => undefined);
    this.#processes.delete(machineId);
    this.#processes.set(machineId, { askedMs: nowMs, found });
    if (this.#processes.size > MAX_REMEMBERED) this.#processes.delete(this.#processes.keys().next().value!);
    return found;
  }
}

function patiently<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const end = () => reject(asError(signal.reason));
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  return Promise.race([work, late]).finally(() => signal.removeEventListener("abort", end));
}

function tell(thrown: unknown): string {
  const error = asError(thrown);
  if (error.name === "TimeoutError") return "It has not answered within two seconds.";
  return error instanceof ServiceError ? error.message : `It could not be looked at: ${error.message}`;
}
