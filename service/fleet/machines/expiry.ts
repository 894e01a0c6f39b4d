import type { Logger } from "pino";
import { asCaller, SERVICE } from "../../caller.ts";
import { asError } from "../../errors.ts";
import type { MachineStore, TimedMachine } from "../../store/machines.ts";
import type { MachineService } from "./machine-service.ts";

/** A clock further away than this is looked at in between: timers cannot be set for longer than 24.8 days. */
const LOOK_AT_LEAST_EVERY_MS = 60_000;

/** Machines come and go faster than that where many do; their times are looked at together. */
const LOOK_AT_MOST_EVERY_MS = 50;

/** Machines that ended stay readable this long. */
const KEEP_ENDED_MS = 24 * 3600 * 1000;

/** Pause after an action that failed, for the engine to come back. */
const RETRY_MS = 5_000;

/** A machine that cannot be hibernated in so many tries is ended. */
const MOST_HIBERNATIONS = 3;

/** What to do with a machine, and when. */
export interface MachineDeadline {
  readonly atMs: number;
  readonly action: "destroy" | "hibernate";
}

/** What the expiry needs. */
export interface ExpiryDeps {
  readonly machines: MachineStore;
  readonly service: MachineService;
  readonly log: Logger;
  readonly stopping: AbortSignal;
}

/** Ends (or freezes) machines when their time is up. One timer, set for the next deadline of all. */
export class MachineExpiry {
  readonly #deps: ExpiryDeps;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isWoken = false;
  #lookedAtMs = -Infinity;
  /** Hibernations in a row that failed, by machine. */
  readonly #failed = new Map<string, number>();

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
    deps.stopping.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** Looks at the clock again: a machine came, went, or has another deadline. */
  wake(): void {
    if (this.#isWoken || this.#deps.stopping.aborted) return;
    this.#isWoken = true;
    if (!this.#isRunning) this.#lookSoon();
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    const waitMs = this.#lookedAtMs + LOOK_AT_MOST_EVERY_MS - performance.now();
    // Time ends them, and not whoever had the clock looked at.
    asCaller(SERVICE, () => {
      if (waitMs > 0) this.#timer = setTimeout(() => void this.#run(), waitMs);
      else queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    if (this.#deps.stopping.aborted) return;
    this.#isRunning = true;
    this.#isWoken = false;
    this.#lookedAtMs = performance.now();
    let nextInMs: number;
    try {
      nextInMs = await this.#endDue();
    } catch (error) {
      this.#deps.log.error({ err: asError(error) }, "machines could not be looked at; trying again");
      nextInMs = RETRY_MS;
    }
    this.#isRunning = false;
    if (this.#deps.stopping.aborted) return;
    if (this.#isWoken) this.#lookSoon();
    else this.#timer = setTimeout(() => this.wake(), nextInMs);
  }

  /** @returns when to look again, from now */
  async #endDue(): Promise<number> {
    const { machines, service, log } = this.#deps;
    const nowMs = Date.now();
    machines.purge(nowMs - KEEP_ENDED_MS);
    const deadlines = this.#deadlines();
    const due = deadlines.filter(({ atMs }) => atMs <= nowMs);
    if (due.length === 0) return Math.min(...deadlines.map(({ atMs }) => atMs - nowMs), LOOK_AT_LEAST_EVERY_MS);
    const outcomes = await Promise.all(
      due.map(async ({ machineId, action }) => {
        log.info({ machineId, action }, "a machine's time is up");
        try {
          await (action === "destroy" ? service.end(machineId, "destroyed") : service.pause(machineId));
          this.#failed.delete(machineId);
          return true;
        } catch (error) {
          log.warn({ machineId, action, err: asError(error) }, "that did not work; trying again");
          return action === "hibernate" && (await this.#giveUp(machineId, asError(error)));
        }
      }),
    );
    // A deadline that has passed meanwhile is due at once; one that could not be kept has to wait.
    return outcomes.every((isDone) => isDone) ? 0 : RETRY_MS;
  }

  /** Ends a machine that cannot be hibernated. @returns whether it came to that */
  async #giveUp(machineId: string, { message }: Error): Promise<boolean> {
    const failed = (this.#failed.get(machineId) ?? 0) + 1;
    this.#failed.set(machineId, failed);
    if (failed < MOST_HIBERNATIONS) return false;
    this.#failed.delete(machineId);
    await this.#deps.service.end(machineId, "error", `Its time was up, and it could not be hibernated: ${message}`);
    return true;
  }

  #deadlines(): (MachineDeadline & { machineId: string })[] {
    return this.#deps.machines.timed().flatMap((machine) => {
      const deadline = deadlineOf(machine, this.#deps.service.isInUse(machine.machineId));
      return deadline === null ? [] : [{ ...deadline, machineId: machine.machineId }];
    });
  }
}

/**
 * The next thing that is to happen to a machine for the passing of time; `null`: nothing.
 *
 * @param isInUse a command runs in it: it is not inactive
 */
export function deadlineOf(machine: TimedMachine, isInUse = false): MachineDeadline | null {
  if (machine.status === "paused") {
    if (machine.autoDeleteAfterMs === null || machine.pausedAtMs === null) return null;
    return { atMs: machine.pausedAtMs + machine.autoDeleteAfterMs, action: "destroy" };
  }
  const inactiveAtMs =
    machine.inactivityTimeoutMs === null || isInUse ? Infinity : machine.lastActiveAtMs + machine.inactivityTimeoutMs;
  const atMs = Math.min(machine.timeoutAtMs, inactiveAtMs);
  // An ephemeral machine that nobody uses is not kept asleep.
  return { atMs, action: atMs === inactiveAtMs && machine.ephemeral === 1 ? "destroy" : machine.timeoutAction };
}
