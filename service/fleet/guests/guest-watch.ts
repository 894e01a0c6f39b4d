import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { asError } from "../../errors.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import type { MachineDriver } from "./machine-driver.ts";

/** How often the driver is asked what lives, while there is anything to watch. One call, however many guests. */
const LOOK_EVERY_MS = 1_000;

/** What the watch needs. */
export interface GuestWatchDeps {
  readonly guests: GuestStore;
  readonly driver: MachineDriver;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** A guest that is ready or is a machine lives no more. */
  readonly onDied: (guest: Guest, how: string) => void;
  /** A guest that is a machine lives, and is frozen or not. */
  readonly onSeen: (machineId: string, isPaused: boolean) => void;
}

/**
 * Compares the store with what lives on the driver. A guest that died is reported; a container that no row knows is a
 * stray of a crash and is removed.
 */
export class GuestWatch {
  readonly #deps: GuestWatchDeps;
  #looking: Promise<void> | undefined;
  #engineIsAway = false;

  constructor(deps: GuestWatchDeps) {
    this.#deps = deps;
  }

  /** Looks again and again until the service stops. */
  async run(): Promise<void> {
    const { guests, stopping, log } = this.#deps;
    while (!stopping.aborted) {
      // Rejects only when the service stops, and the loop's condition sees that.
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted || !guests.hasAny()) continue;
      try {
        await this.look();
        if (this.#engineIsAway) log.info("the engine answers again");
        this.#engineIsAway = false;
      } catch (error) {
        if (!this.#engineIsAway && !stopping.aborted) log.warn({ err: asError(error) }, "the engine does not answer");
        this.#engineIsAway = true;
      }
    }
  }

  /** Looks once; calls at the same time share one look. @throws the driver's error when it is away */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Waits for the look under way, if there is one; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#looking]);
  }

  async #look(): Promise<void> {
    const { driver, guests, stopping, onDied, onSeen, log } = this.#deps;
    // The store first: what is ready by then must be in the driver's later answer, or is dead.
    const expected = guests.all().filter(({ state }) => state === "ready" || state === "claimed");
    const observed = new Map((await driver.list(stopping)).map((each) => [each.guestId, each]));
    for (const guest of expected) {
      const seen = observed.get(guest.guestId);
      if (seen?.alive === true) {
        if (guest.machineId !== null) onSeen(guest.machineId, seen.paused);
        continue;
      }
      // A machine that is being started has no container yet; its own start finds out how that goes.
      const now = guests.get(guest.guestId);
      if (now === undefined || now.state === "terminating" || now.readyAtMs === null) continue;
      onDied(now, await driver.explainDeath(guest.guestId, stopping));
    }
    for (const guestId of observed.keys()) {
      if (guests.get(guestId) !== undefined) continue;
      log.warn({ guestId }, "removing a container that no record knows");
      await driver.remove(guestId, stopping);
    }
  }
}
