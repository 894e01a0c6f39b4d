import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import { now } from "../clock.ts";
import { asError } from "../errors.ts";
import { audit } from "../store/audit.ts";
import { availableArtifacts, isAvailable, markImageMissing, type ArtifactRow } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import type { TemplateEvents } from "./events.ts";

/** Images often go in a row (a prune): so long after the first one is waited for more of them. */
const GATHER_MS = 200;

/** Pauses before the engine is listened to again after it has gone. */
const RETRY_MS = { first: 500, most: 15_000 };

/** What {@link ArtifactImages} needs. */
export interface ArtifactImagesOptions {
  db: Database;
  artifacts: ArtifactStore;
  events: TemplateEvents;
  log: Logger;
  stopping: AbortSignal;
}

/**
 * Knows which artifacts still have their image. Others than this service may remove images from the engine (`docker image
 * prune -a`), or bring them back; what is not there is marked, so that nobody is told that it is available, and who needs
 * it builds it again. Looks at the start, whenever the engine comes back, and when it says that an image went.
 */
export class ArtifactImages {
  readonly #options: ArtifactImagesOptions;
  #looking: Promise<void> | undefined;
  #isWanted = false;
  #running: Promise<void> | undefined;

  constructor(options: ArtifactImagesOptions) {
    this.#options = options;
  }

  /** Listens to the engine until the service stops. */
  start(): void {
    this.#running = this.#run();
  }

  /** Waits until it has ended; call it after `stopping` was aborted. */
  async settle(): Promise<void> {
    await this.#running;
    await this.#looking;
  }

  /** An artifact's machine could not start, because the engine has no such image. */
  noteMissing(templateId: string): void {
    const { db, events } = this.#options;
    if (this.#mark(templateId)) events.emit({ kind: "template_changed", templateId });
    // The engine's answer may have been about something else; a look takes the mark back.
    if (db.isOpen) this.#lookSoon();
  }

  /** Compares every artifact with the images that are there. @throws EngineUnavailableError */
  async look(): Promise<void> {
    const { db, artifacts: store, events, stopping: signal } = this.#options;
    // The store first: an artifact that it has by then had its image before.
    const artifacts = availableArtifacts(db);
    if (artifacts.length === 0) return;
    const named = new Map((await store.list(signal)).map(({ imageRef, imageId }) => [imageRef, imageId]));
    for (const artifact of artifacts) {
      const isWhole = named.get(artifact.imageRef) === artifact.imageId;
      if (isWhole && artifact.imageMissingSince === null) continue;
      const isThere = isWhole || (await this.#nameAgain(artifact));
      const isNews = isThere ? this.#unmark(artifact.templateId) : this.#mark(artifact.templateId);
      if (isNews) events.emit({ kind: "template_changed", templateId: artifact.templateId });
    }
  }

  /** Gives an image its name back, without which the next prune takes it. @returns whether there is such an image */
  async #nameAgain({ templateId, imageId }: ArtifactRow): Promise<boolean> {
    const { db, artifacts, stopping: signal } = this.#options;
    if ((await artifacts.describe(imageId, signal)) === undefined) return false;
    // One that was let go meanwhile keeps no name.
    return !isAvailable(db, templateId) || (await artifacts.keep(imageId, templateId, signal));
  }

  #mark(templateId: string): boolean {
    return this.#note(templateId, now());
  }

  #unmark(templateId: string): boolean {
    return this.#note(templateId, null);
  }

  #note(templateId: string, since: string | null): boolean {
    const { db, log } = this.#options;
    return db.transaction(() => {
      if (!markImageMissing(db, templateId, since)) return false;
      audit(db, since === null ? "artifact_found" : "artifact_lost", templateId, {});
      const is = since === null ? "is there again" : "is no longer there";
      log.warn({ templateId }, `the image of an artifact ${is}`);
      return true;
    });
  }

  async #run(): Promise<void> {
    const { artifacts, log, stopping: signal } = this.#options;
    const backoff = new Backoff(RETRY_MS);
    while (!signal.aborted) {
      try {
        // What went before the engine was listened to is seen when it begins to tell.
        for await (const _ of artifacts.watch({ signal, onOpen: () => this.#lookSoon() })) {
          this.#lookSoon();
          backoff.reset();
        }
      } catch (error) {
        if (!signal.aborted) log.debug({ err: asError(error) }, "the engine cannot be listened to; trying again");
      }
      await pauseUnless(backoff.next(), signal);
    }
  }

  #lookSoon(): void {
    this.#isWanted = true;
    this.#looking ??= this.#lookWhileWanted().finally(() => (this.#looking = undefined));
  }

  async #lookWhileWanted(): Promise<void> {
    const { log, stopping: signal } = this.#options;
    while (this.#isWanted && !signal.aborted) {
      await pauseUnless(GATHER_MS, signal);
      this.#isWanted = false;
      try {
        if (!signal.aborted) await this.look();
      } catch (error) {
        // The engine is away: when it is back, it is listened to and looked at again.
        if (!signal.aborted) log.warn({ err: asError(error) }, "the images of artifacts could not be looked at");
      }
    }
  }
}
