import type { Logger } from "pino";
import { later, now } from "../clock.ts";
import { asError } from "../errors.ts";
import { artifactsToRemove, availableArtifacts, unpinnedArtifacts, updateArtifact } from "../store/artifacts.ts";
import { asCaller, SERVICE } from "../caller.ts";
import { audit } from "../store/audit.ts";
import { forgetContexts } from "../store/contexts.ts";
import type { Database } from "../store/database.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import { findArtifactUses, type ArtifactUseQuery } from "../store/artifact-use.ts";

/** How long an artifact that nothing pins is kept unless told otherwise. */
export const DEFAULT_RETENTION_MS = 30 * 24 * 60 * 60_000;

/** Between two sweeps. */
const SWEEP_INTERVAL_MS = 60 * 60_000;

/** What the sweep needs. */
export interface RetentionOptions {
  db: Database;
  blobs: BlobStore;
  artifacts: ArtifactStore;
  artifactUses: readonly ArtifactUseQuery[];
  log: Logger;
  retentionMs: number;
}

/**
 * Keeps the engine from filling up. An artifact is pinned by a tag, a pool, a machine, or a template built on it; one
 * that nothing pins expires after its time, and its image goes as soon as the engine lets it. Records and logs stay.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isWanted = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Sweeps now and then every hour. */
  start(): void {
    this.#timer = setInterval(() => this.wake(), SWEEP_INTERVAL_MS).unref();
    this.wake();
  }

  /** Sweeps soon: something was deleted. Calls while a sweep runs make one more. */
  wake(): void {
    this.#isWanted = true;
    this.#sweeping ??= this.#sweepWhileWanted().finally(() => (this.#sweeping = undefined));
  }

  /** Ends with the sweep that runs, if any. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#sweeping;
  }

  async #sweepWhileWanted(): Promise<void> {
    while (this.#isWanted && !this.#stopped.signal.aborted) {
      this.#isWanted = false;
      try {
        await asCaller(SERVICE, () => this.sweep(now()));
      } catch (error) {
        // The engine may be away: the next sweep tries again, from the same state.
        if (!this.#stopped.signal.aborted) this.#options.log.warn({ err: asError(error) }, "retention sweep failed");
      }
    }
  }

  /** One sweep as of `at`. */
  async sweep(at: string): Promise<void> {
    const { db, blobs, artifacts, retentionMs, log } = this.#options;
    this.#expire(at);
    for (const { templateId, imageRef, state } of artifactsToRemove(db)) {
      if (!(await artifacts.remove(imageRef, this.#stopped.signal))) continue;
      db.transaction(() => {
        updateArtifact(db, templateId, { state: "purged", imageRemovedAt: now() });
        if (state === "expired") audit(db, "artifact_reclaimed", templateId, { imageRef });
      });
      log.info({ templateId, imageRef }, "image removed");
    }
    const before = later(at, -retentionMs);
    forgetContexts(db, before);
    await blobs.sweep(before);
  }

  #expire(at: string): void {
    const { db, artifactUses, retentionMs } = this.#options;
    db.transaction(() => {
      const unpinned = unpinnedArtifacts(db);
      const used = new Set(
        findArtifactUses(
          db,
          artifactUses,
          unpinned.map(({ templateId }) => templateId),
        ).map(({ templateId }) => templateId),
      );
      const free = unpinned.filter(({ templateId }) => !used.has(templateId));
      const freeIds = new Set(free.map(({ templateId }) => templateId));
      for (const { templateId, unpinnedAt } of availableArtifacts(db)) {
        if (unpinnedAt !== null && !freeIds.has(templateId)) updateArtifact(db, templateId, { unpinnedAt: null });
      }
      for (const { templateId, unpinnedAt } of free) {
        if (unpinnedAt === null) updateArtifact(db, templateId, { unpinnedAt: at });
        else if (later(unpinnedAt, retentionMs) <= at) updateArtifact(db, templateId, { state: "expired" });
      }
    });
  }
}
