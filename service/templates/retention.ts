import type { Logger } from "pino";
import { later, now } from "../clock.ts";
import { asError } from "../errors.ts";
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
        await this.sweep(now());
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
    const gone = db.all<{ template_id: string; image_ref: string; state: string }>(
      "SELECT template_id, image_ref, state FROM artifacts WHERE state <> 'available' AND image_removed_at IS NULL",
    );
    for (const { template_id: templateId, image_ref: imageRef, state } of gone) {
      if (!(await artifacts.remove(imageRef, this.#stopped.signal))) continue;
      db.transaction(() => {
        db.run("UPDATE artifacts SET state = 'purged', image_removed_at = ? WHERE template_id = ?", [
          now(),
          templateId,
        ]);
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
      const unpinned = db.all<{ template_id: string; unpinned_at: string | null }>(
        `SELECT a.template_id, a.unpinned_at FROM artifacts a JOIN builds b USING (build_id) JOIN templates t USING (template_key)
         WHERE a.state = 'available' AND t.builtin = 0
           AND NOT EXISTS (SELECT 1 FROM tags WHERE tags.build_id = a.build_id)
           AND NOT EXISTS (SELECT 1 FROM builds child JOIN artifacts ca USING (build_id)
                           WHERE child.base_template_id = a.template_id AND ca.state = 'available')
           AND NOT EXISTS (SELECT 1 FROM builds child
                           WHERE child.base_template_id = a.template_id AND child.status IN ('waiting', 'building'))`,
      );
      const used = new Set(
        findArtifactUses(
          db,
          artifactUses,
          unpinned.map(({ template_id }) => template_id),
        ).map(({ templateId }) => templateId),
      );
      const free = unpinned.filter(({ template_id }) => !used.has(template_id));
      const freeIds = new Set(free.map(({ template_id }) => template_id));
      for (const { template_id } of db.all<{ template_id: string }>(
        "SELECT template_id FROM artifacts WHERE state = 'available' AND unpinned_at IS NOT NULL",
      )) {
        if (!freeIds.has(template_id))
          db.run("UPDATE artifacts SET unpinned_at = NULL WHERE template_id = ?", [template_id]);
      }
      for (const { template_id, unpinned_at } of free) {
        if (unpinned_at === null)
          db.run("UPDATE artifacts SET unpinned_at = ? WHERE template_id = ?", [at, template_id]);
        else if (later(unpinned_at, retentionMs) <= at)
          db.run("UPDATE artifacts SET state = 'expired' WHERE template_id = ?", [template_id]);
      }
    });
  }
}
