import { pauseUnless } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import { asError } from "../../errors.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import { explainDeath } from "./explain-death.ts";
import type { GuestEvent, MachineDriver } from "./machine-driver.ts";

/** How often the driver is asked what lives, while there is anything to watch: one call, however many guests. */
const LOOK_EVERY_MS = { unwatched: 1_000, watched: 5_000 };

/** Pause before the driver's events are asked for again. */
const WATCH_AGAIN_MS = 500;

/** What the watch needs. */
export interface GuestWatchDeps {
  readonly guests: GuestStore;
  readonly driver: MachineDriver;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** A guest that is ready or is a machine lives no more. */
  readonly onDied: (guest: Guest, how: string) => void;
  /** A member of a pool that is ready was frozen by somebody. */
  readonly onFrozen: (guest: Guest) => void;
  /** A guest that is a machine lives, and is frozen or not. */
  readonly onSeen: (machineId: string, isPaused: boolean) => void;
}

/**
 * Compares the store with what lives on the driver: by the driver's events at once, and by looking at all of it every few
 * seconds. A guest that died is reported; a container that no row knows is a stray of a crash and is removed.
 */
export class GuestWatch {
  readonly #deps: GuestWatchDeps;
  #looking: Promise<void> | undefined;
  #engineIsAway = false;
  #isFollowing = false;

  constructor(deps: GuestWatchDeps) {
    this.#deps = deps;
  }

  /** Whether the death or freezing of a guest would be known by now. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Watches until the service stops. */
  async run(): Promise<void> {
    await Promise.all([this.#lookAgainAndAgain(), this.#follow()]);
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

  async #lookAgainAndAgain(): Promise<void> {
    const { guests, stopping, log } = this.#deps;
    while (!stopping.aborted) {
      const everyMs = this.#isFollowing ? LOOK_EVERY_MS.watched : LOOK_EVERY_MS.unwatched;
      if (!(await pauseUnless(everyMs, stopping)) || !guests.hasAny()) continue;
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

  async #follow(): Promise<void> {
    const { driver, stopping, log } = this.#deps;
    while (!stopping.aborted) {
      try {
        const onOpen = () => void this.#catchUp();
        for await (const event of driver.watch({ signal: stopping, onOpen })) await this.#hear(event);
      } catch (error) {
        if (!stopping.aborted) log.debug({ err: asError(error) }, "the engine tells no events");
      }
      this.#isFollowing = false;
      await pauseUnless(WATCH_AGAIN_MS, stopping);
    }
  }

  /** What happened before the first event is found by a look that begins after the events do. */
  async #catchUp(): Promise<void> {
    try {
      await Promise.allSettled([this.#looking]);
      await this.look();
      this.#isFollowing = true;
    } catch {
      // The engine went away again, and its events with it.
    }
  }

  async #hear({ guestId, kind }: GuestEvent): Promise<void> {
    const { guests, log } = this.#deps;
    try {
      const guest = guests.get(guestId);
      if (guest === undefined) return;
      if (kind === "died") await this.#mourn(guest);
      else this.#see(guest, kind === "paused");
    } catch (error) {
      // The next look finds it.
      log.debug({ guestId, err: asError(error) }, "what happened to a machine is not known");
    }
  }

  async #look(): Promise<void> {
    const { driver, guests, stopping, log } = this.#deps;
    // The store first: what is ready by then must be in the driver's later answer, or is dead.
    const expected = guests.all().filter(({ state }) => state === "ready" || state === "claimed");
    const observed = new Map((await driver.list(stopping)).map((each) => [each.guestId, each]));
    for (const guest of expected) {
      const seen = observed.get(guest.guestId);
      if (seen?.alive === true) this.#see(guest, seen.paused);
      else await this.#mourn(guest);
    }
    for (const guestId of observed.keys()) {
      if (guests.get(guestId) !== undefined) continue;
      log.warn({ guestId }, "removing a container that no record knows");
      await driver.remove(guestId, stopping);
    }
  }

  #see(guest: Guest, isPaused: boolean): void {
    const { onSeen, onFrozen } = this.#deps;
    if (guest.machineId !== null) onSeen(guest.machineId, isPaused);
    else if (isPaused && guest.state === "ready") onFrozen(guest);
  }

  async #mourn({ guestId }: Guest): Promise<void> {
    const { driver, guests, stopping, onDied } = this.#deps;
    const isExpectedToLive = () => {
      const now = guests.get(guestId);
      // A machine that is being started has no container yet; its own start finds out how that goes.
      return now !== undefined && now.state !== "terminating" && now.readyAtMs !== null ? now : undefined;
    };
    if (isExpectedToLive() === undefined) return;
    const how = await explainDeath(driver, guestId, stopping);
    const now = isExpectedToLive();
    if (now !== undefined) onDied(now, how);
  }
}
