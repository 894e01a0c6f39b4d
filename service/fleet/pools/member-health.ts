import { pause, pauseUnless, Semaphore } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import type { Readiness } from "pulumi-nullspace/sdk";
import { asError } from "../../errors.ts";
import type { GuestHealth, MachineDriver } from "../guests/machine-driver.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";

/** Each ready member is looked at this often. */
const LOOK_EVERY_MS = 5_000;
/** Pause between two rounds: a member that has just become ready, or was ready before a restart, waits no longer. */
const ROUND_EVERY_MS = 500;
/** A look is good for so long: a claim within that time asks at most whether the guest runs. */
const FRESH_MS = 1_000;
/** A member that fails is looked at once more, after this pause: a server may be busy for a moment. */
const SECOND_LOOK_MS = 500;
const LOOKS_AT_ONCE = 4;

/** What the watch over the health of members needs. */
export interface MemberHealthDeps {
  readonly guests: GuestStore;
  readonly driver: MachineDriver;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** The check of an artifact's machines; undefined when it has none, or is gone. */
  readonly readinessOf: (templateId: string) => Readiness | undefined;
  /** Whether the death or freezing of a guest would be known by now. */
  readonly isFollowing: () => boolean;
  /** A ready member is not fit to be handed out. */
  readonly onUnfit: (guest: Guest, reason: string) => void;
}

/**
 * Proves ready members again, as long as they wait: at an interval, at the claim, and after a restart of the service,
 * through which they stay claimable.
 */
export class MemberHealth {
  readonly #deps: MemberHealthDeps;
  readonly #looks = new Semaphore(LOOKS_AT_ONCE);
  /** When each member was last seen to be fit, on the monotonic clock. */
  readonly #fitAtMs = new Map<string, number>();
  #round: Promise<void> = Promise.resolve();

  constructor(deps: MemberHealthDeps) {
    this.#deps = deps;
  }

  /** Looks again and again until the service stops. */
  async run(): Promise<void> {
    const { stopping } = this.#deps;
    if (stopping.aborted) return;
    do {
      this.#round = this.#lookAtAll();
      await this.#round;
    } while (await pauseUnless(ROUND_EVERY_MS, stopping));
  }

  /** Whether a member can be handed out now. @throws the driver's error when the engine does not answer */
  async isFit(guest: Guest): Promise<boolean> {
    const seenMs = performance.now() - (this.#fitAtMs.get(guest.guestId) ?? -Infinity);
    if (seenMs > FRESH_MS) return (await this.#look(guest)).ok;
    return this.#deps.isFollowing() || this.#runs(guest);
  }

  /** Waits for the round under way; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await this.#round;
  }

  async #lookAtAll(): Promise<void> {
    const { guests, log, stopping } = this.#deps;
    try {
      const ready = guests.ready();
      const ids = new Set(ready.map(({ guestId }) => guestId));
      for (const guestId of this.#fitAtMs.keys()) if (!ids.has(guestId)) this.#fitAtMs.delete(guestId);
      const nowMs = performance.now();
      const due = ready.filter(({ guestId }) => nowMs - (this.#fitAtMs.get(guestId) ?? -Infinity) >= LOOK_EVERY_MS);
      await Promise.all(due.map((guest) => this.#looks.run(stopping, () => this.#prove(guest))));
    } catch (error) {
      // The engine is away, or the store: the next round asks again.
      if (!stopping.aborted) log.debug({ err: asError(error) }, "ready members could not be looked at");
    }
  }

  async #prove(guest: Guest): Promise<void> {
    const { guests, stopping, onUnfit } = this.#deps;
    if ((await this.#look(guest)).ok) return;
    await pause(SECOND_LOOK_MS, stopping);
    if (guests.get(guest.guestId)?.state !== "ready") return;
    const health = await this.#look(guest);
    if (!health.ok) onUnfit(guest, health.reason);
  }

  async #look({ guestId, templateId }: Guest): Promise<GuestHealth> {
    const { driver, stopping, readinessOf, isFollowing } = this.#deps;
    const health = await driver.look(guestId, readinessOf(templateId), { signal: stopping, isWatched: isFollowing() });
    if (health.ok) this.#fitAtMs.set(guestId, performance.now());
    return health;
  }

  async #runs({ guestId }: Guest): Promise<boolean> {
    return (await this.#deps.driver.look(guestId, undefined, { signal: this.#deps.stopping })).ok;
  }
}
