import { Backoff, pauseUnless, Semaphore } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import type { Readiness } from "pulumi-nullspace/sdk";
import { asError } from "../../errors.ts";
import type { Guest, GuestStore } from "../../store/guests.ts";
import { KILLED, seeEngineGo } from "../../engine-stop.ts";
import { MachineExitedError, MachineImageMissingError } from "./driver-errors.ts";
import type { MachineArtifact, MachineDriver, Preparation } from "./machine-driver.ts";
import { waitUntilReady } from "./readiness.ts";

/** A start command without a check has so long to fail at once: one that does is no machine that runs. */
const STEADY_MS = 250;

/** Pauses between tries to remove a container while the engine refuses or is away. */
const REMOVE_RETRY_MS = { first: 200, most: 10_000 };

/** An artifact with the check that tells when its machines are ready. */
export interface RunnableArtifact extends MachineArtifact {
  readonly readiness?: Readiness;
}

/** What the runner needs. */
export interface GuestRunnerDeps {
  readonly guests: GuestStore;
  readonly driver: MachineDriver;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** Finds an artifact by its id. @throws TemplateNotFoundError when it is gone */
  readonly findArtifact: (templateId: string) => RunnableArtifact;
  /** Waits until a start or removal is in no claim's way. @param poolId the pool that gains by it; null when none does */
  readonly letClaimsPass: (poolId: string | null, signal: AbortSignal) => Promise<void>;
  /** The image of an artifact was not there when a guest of it was to start. */
  readonly onImageMissing: (templateId: string) => void;
  /** Called when a guest has gone for good. */
  readonly onGone: (guest: Guest) => void;
}

/**
 * Brings guests up and takes them down on the driver. At most one of the two is under way for a guest, and a guest that
 * is to go is only removed when its start has ended, so nothing is left behind by a start that was overtaken.
 */
export class GuestRunner {
  readonly #deps: GuestRunnerDeps;
  readonly #starts: Semaphore;
  readonly #rising = new Map<string, { done: Promise<void>; cancel: AbortController }>();
  readonly #leaving = new Map<string, Promise<void>>();

  #hasSaidDiskIsOpen = false;

  constructor(deps: GuestRunnerDeps) {
    this.#deps = deps;
    this.#starts = new Semaphore(deps.driver.capabilities.startsAtOnce);
  }

  /** Whether {@link bringUp} is at work on this guest. */
  isRising(guestId: string): boolean {
    return this.#rising.has(guestId);
  }

  /** Whether images can be brought to where guests start, ahead of them. */
  get preparesImages(): boolean {
    return this.#deps.driver.prepare !== undefined;
  }

  /** Brings the image of an artifact to where its guests will start. @throws the errors of the driver; TemplateNotFoundError */
  async prepare(templateId: string, placement: string | null, signal: AbortSignal): Promise<Preparation> {
    const artifact = this.#deps.findArtifact(templateId);
    const preparing = this.#deps.driver.prepare?.(artifact, signal, placement ?? undefined);
    return (await this.#noteMissing(templateId, preparing)) ?? { skipped: [] };
  }

  /** Whether the service stops. */
  get isStopping(): boolean {
    return this.#deps.stopping.aborted;
  }

  /** Whether a start that ended with an error ended by our own will: the guest is to go, or the service stops. */
  isStopped(guestId: string): boolean {
    return this.#deps.stopping.aborted || this.#deps.guests.get(guestId)?.state === "terminating";
  }

  /**
   * Starts a guest and waits until it is ready. Changes no state in the store: whoever asked decides what it means.
   *
   * @throws the errors of the driver; an AbortError when the guest was taken down meanwhile or the service stops
   */
  bringUp(guest: Guest): Promise<void> {
    const cancel = new AbortController();
    const signal = AbortSignal.any([cancel.signal, this.#deps.stopping]);
    const done = this.#bringUp(guest, signal).finally(() => this.#rising.delete(guest.guestId));
    this.#rising.set(guest.guestId, { done, cancel });
    return done;
  }

  /**
   * Removes a guest that the store calls `terminating`, and then its row. Repeats until it is done or the service stops;
   * never rejects.
   */
  takeDown(guest: Guest): Promise<void> {
    const { guestId } = guest;
    const underWay = this.#leaving.get(guestId);
    if (underWay !== undefined) return underWay;
    const leaving = this.#takeDown(guest).finally(() => this.#leaving.delete(guestId));
    this.#leaving.set(guestId, leaving);
    return leaving;
  }

  /** Waits until nothing is under way; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.allSettled([...[...this.#rising.values()].map(({ done }) => done), ...this.#leaving.values()]);
  }

  async #bringUp(guest: Guest, signal: AbortSignal): Promise<void> {
    const { readiness, ...artifact } = this.#deps.findArtifact(guest.templateId);
    await this.#starts.run(signal, async () => {
      if (guest.poolId !== null && guest.machineId === null) await this.#deps.letClaimsPass(guest.poolId, signal);
      const { driver } = this.#deps;
      const spec = {
        guestId: guest.guestId,
        ...(guest.poolId !== null && { poolId: guest.poolId }),
        ...(guest.machineId !== null && { machineId: guest.machineId }),
        artifact,
        vcpus: guest.vcpus,
        memoryMb: guest.memoryMb,
        ...(guest.diskMb !== null && { diskMb: guest.diskMb }),
        internetAccess: guest.internetAccess === 1,
        ...(guest.placement !== null && { placement: guest.placement }),
      };
      // Elsewhere not cut off in the middle by a take-down: the host would go on, and make what was just removed.
      const started = driver.start(spec, driver.capabilities.cutsStarts ? signal : undefined);
      await this.#noteMissing(guest.templateId, started);
    });
    if (guest.diskMb !== null) this.#sayIfDiskIsOpen();
    const options = {
      signal,
      ...(artifact.startCmd !== undefined && !artifact.mayStartCmdEnd && { steadyMs: STEADY_MS }),
    };
    const { driver } = this.#deps;
    try {
      await waitUntilReady(driver, guest.guestId, readiness, options);
    } catch (error) {
      // An engine that stops in good order first ends its machines, which then look as if they had failed by themselves.
      // Without a start command of its own a machine then ends with 0, and for no other reason.
      const mayBeStop =
        error instanceof MachineExitedError &&
        !error.outOfMemory &&
        (KILLED.has(error.exitCode) || (artifact.startCmd === undefined && error.exitCode === 0));
      throw (mayBeStop ? await seeEngineGo((asked) => driver.list(asked), signal) : undefined) ?? error;
    }
  }

  /** Tells of an image that some work finds missing. */
  async #noteMissing<T>(templateId: string, work: Promise<T> | undefined): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof MachineImageMissingError) this.#deps.onImageMissing(templateId);
      throw error;
    }
  }

  /** Once: it is so for every machine. */
  #sayIfDiskIsOpen(): void {
    if (this.#deps.driver.capabilities.limitsDisk !== false || this.#hasSaidDiskIsOpen) return;
    this.#hasSaidDiskIsOpen = true;
    this.#deps.log.warn("a machine's disk cannot be limited here; disk_mb is not enforced");
  }

  async #takeDown(guest: Guest): Promise<void> {
    const { driver, guests, log, stopping, onGone } = this.#deps;
    const rising = this.#rising.get(guest.guestId);
    rising?.cancel.abort();
    await Promise.allSettled([rising?.done]);
    // Rejects when the service stops.
    await this.#deps.letClaimsPass(guest.poolId, stopping).catch(() => undefined);
    const backoff = new Backoff(REMOVE_RETRY_MS);
    while (!stopping.aborted) {
      try {
        await driver.remove(guest.guestId);
        guests.delete(guest.guestId);
        onGone(guest);
        return;
      } catch (error) {
        log.warn(
          { guestId: guest.guestId, err: asError(error) },
          "a machine's container could not be removed; trying again",
        );
      }
      // When the service stops, the next start takes the removal up again.
      await pauseUnless(backoff.next(), stopping);
    }
  }
}
