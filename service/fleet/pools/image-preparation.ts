import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import { asError } from "../../errors.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";
import { classifyFailure, type MemberFailure } from "../guests/start-failure.ts";

/** Pauses before an image that could not be brought to its hosts is tried again. */
const RETRY_MS = { first: 2_000, most: 60_000 };

/** Images of which a pool remembers that they are there: those between which a tag moves to and fro. */
const MAX_REMEMBERED = 16;

/** An image, and where its machines will start. */
export interface PlacedImage {
  /** Artifact that it is of. */
  readonly templateId: string;
  readonly placement: string | null;
  readonly placementKey: string | null;
}

/** What a preparation needs. */
export interface ImagePreparationDeps {
  readonly poolId: string;
  readonly runner: Pick<GuestRunner, "preparesImages" | "prepare">;
  readonly log: Logger;
  readonly stopping: AbortSignal;
  /** The image is there now, or it has failed to get there. */
  readonly onChange: () => void;
}

/** What is being prepared. */
interface UnderWay {
  readonly image: PlacedImage;
  readonly cancel: AbortController;
  failure?: MemberFailure;
}

/**
 * Brings the image of the next generation of one pool to where its members will start, before a member of the present one
 * goes. One image at a time: that of the latest target, tried again until it is there or no longer wanted.
 */
export class ImagePreparation {
  readonly #deps: ImagePreparationDeps;
  readonly #ready = new Set<string>();
  readonly #ending = new Set<Promise<void>>();
  #underWay: UnderWay | undefined;

  constructor(deps: ImagePreparationDeps) {
    this.#deps = deps;
  }

  /** Whether members will find an image where they start, or do so on a driver that fetches it by itself. */
  isReady(image: PlacedImage): boolean {
    return !this.#deps.runner.preparesImages || this.#ready.has(keyOf(image));
  }

  /** Why the last try failed; `undefined` while none has. */
  failureOf(image: PlacedImage): MemberFailure | undefined {
    return this.#isUnderWay(image) ? this.#underWay?.failure : undefined;
  }

  /** Prepares an image, if it is not at it already, and gives up any other; `null`: nothing is to be prepared. */
  want(image: PlacedImage | null): void {
    if (this.#isUnderWay(image) || this.#deps.stopping.aborted) return;
    this.#giveUp();
    if (image !== null) this.#begin(image);
  }

  /** Tries again now what has failed. */
  hurry(): void {
    const { image, failure } = this.#underWay ?? {};
    if (image === undefined || failure === undefined) return;
    this.#giveUp();
    this.#begin(image, failure);
  }

  /** Waits until nothing is under way any more; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #isUnderWay(image: PlacedImage | null): boolean {
    const underWay = this.#underWay?.image;
    return image === null ? underWay === undefined : underWay !== undefined && keyOf(underWay) === keyOf(image);
  }

  #giveUp(): void {
    this.#underWay?.cancel.abort();
    this.#underWay = undefined;
  }

  /** @param failure what is known to be wrong until the next try has ended */
  #begin(image: PlacedImage, failure?: MemberFailure): void {
    const underWay: UnderWay = { image, cancel: new AbortController(), ...(failure && { failure }) };
    this.#underWay = underWay;
    const ending = this.#run(underWay).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #run(underWay: UnderWay): Promise<void> {
    const { poolId, runner, log, stopping, onChange } = this.#deps;
    const { image } = underWay;
    const { templateId, placement } = image;
    const signal = AbortSignal.any([underWay.cancel.signal, stopping]);
    const backoff = new Backoff(RETRY_MS);
    log.info({ poolId, templateId }, "brings the image of the next generation to where its members will start");
    do {
      try {
        const { skipped } = await runner.prepare(templateId, placement, signal);
        if (signal.aborted) return;
        for (const reason of skipped) log.warn({ poolId, templateId }, `an image is not brought ahead: ${reason}`);
        this.#remember(image);
        if (this.#underWay === underWay) this.#underWay = undefined;
        onChange();
        return;
      } catch (error) {
        if (signal.aborted) return;
        underWay.failure = classifyFailure(asError(error));
        log.warn({ poolId, templateId, reason: underWay.failure.reason }, underWay.failure.message);
        onChange();
      }
    } while (await pauseUnless(backoff.next(), signal));
  }

  #remember(image: PlacedImage): void {
    this.#ready.add(keyOf(image));
    const [oldest] = this.#ready;
    if (this.#ready.size > MAX_REMEMBERED && oldest !== undefined) this.#ready.delete(oldest);
  }
}

function keyOf({ templateId, placementKey }: PlacedImage): string {
  return `${templateId} ${placementKey ?? ""}`;
}
