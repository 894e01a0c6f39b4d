import { setImmediate } from "node:timers/promises";
import type { Logger } from "pino";
import type { LogEntry } from "pulumi-nullspace/wire";
import { later, now } from "../clock.ts";
import { asError, EngineUnavailableError } from "../errors.ts";
import {
  artifactsToRemove,
  availableArtifacts,
  idleSince,
  unpinnedArtifacts,
  updateArtifact,
  type ArtifactRow,
} from "../store/artifacts.ts";
import { findBuild } from "../store/builds.ts";
import { asCaller, SERVICE } from "../caller.ts";
import { audit } from "../store/audit.ts";
import { forgetContexts } from "../store/contexts.ts";
import type { Database } from "../store/database.ts";
import {
  forgetBuild,
  forgetContext,
  forgetDeleted,
  oldestContexts,
  oldestUselessBuilds,
  oldestWholeLogs,
  storedAmounts,
  storedBlobBytes,
  trimAuditEvents,
  trimLog,
  wholeLogBytes,
} from "../store/storage.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import { JUST_USED_MS, MAX_AUDIT_EVENTS, type StorageLimits } from "./storage-limits.ts";
import { findArtifactUses, type ArtifactUseQuery } from "../store/artifact-use.ts";

/** How long an artifact that nothing pins is kept unless told otherwise. */
export const DEFAULT_RETENTION_MS = 30 * 24 * 60 * 60_000;

/** So many things are looked up at a time. */
const STEP = 100;

/** Between two sweeps. */
const SWEEP_INTERVAL_MS = 60 * 60_000;

/** An artifact that nothing needs, and when it goes for its age. */
export interface IdleArtifact {
  templateId: string;
  imageId: string;
  /** `null`: the next sweep notes that nothing needs it. */
  since: string | null;
  goesAt: string | null;
}

/** What the sweeps are doing. */
export interface SweepState {
  isRunning: boolean;
  /** When the last one ended; `undefined`: none has since the start. */
  endedAt: string | undefined;
}

/** What the sweep needs. */
export interface RetentionOptions {
  db: Database;
  blobs: BlobStore;
  artifacts: ArtifactStore;
  artifactUses: readonly ArtifactUseQuery[];
  log: Logger;
  retentionMs: number;
  limits: StorageLimits;
  /** Shrinks the engine's build cache to so many bytes. */
  pruneBuildCache?: (bytes: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Keeps the engine from filling up. An artifact is pinned by a tag, a pool, a machine, or a template built on it; one
 * that nothing pins expires after its time, or when images are too large together, and its image goes as soon as the
 * engine lets it. Blobs, logs and records have their limits, too: what is oldest goes, and nothing that somebody needs, or has
 * used within the last hour.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isWanted = false;
  #endedAt: string | undefined;

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

  /** Sweeps soon because somebody asks for it, which is recorded in their name. */
  ask(): void {
    audit(this.#options.db, "sweep_asked", "disk", {});
    this.wake();
  }

  get state(): SweepState {
    return { isRunning: this.#sweeping !== undefined, endedAt: this.#endedAt };
  }

  /** How much of everything is kept. */
  get limits(): StorageLimits {
    return this.#options.limits;
  }

  /** How long what nothing needs is kept. */
  get retentionMs(): number {
    return this.#options.retentionMs;
  }

  /** Artifacts that nothing needs, those first that have been of no use for longest. */
  idle(): IdleArtifact[] {
    return this.#freeArtifacts().map((artifact) => {
      const since = idleSince(artifact);
      const { templateId, imageId } = artifact;
      return { templateId, imageId, since, goesAt: since === null ? null : later(since, this.#options.retentionMs) };
    });
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
        this.#endedAt = now();
      } catch (error) {
        // The engine may be away: the next sweep tries again, from the same state.
        if (!this.#stopped.signal.aborted) this.#options.log.warn({ err: asError(error) }, "retention sweep failed");
      }
    }
  }

  /** One sweep as of `at`. What fails is left to the next one, and the rest is done all the same. */
  async sweep(at: string): Promise<void> {
    const { db, blobs, retentionMs, limits, pruneBuildCache } = this.#options;
    const before = later(at, -retentionMs);
    await this.#part("artifacts that are past their time", () => this.#expire(at));
    await this.#part("images", () => this.#removeImages());
    await this.#part("images beyond their size", async () => {
      if (await this.#expireBySize(at)) await this.#removeImages();
    });
    await this.#part("contexts that are past their time", () => {
      forgetContexts(db, before);
      return blobs.sweep(before);
    });
    await this.#part("blobs beyond their size", () => this.#trimBlobs(at));
    await this.#part("files without a record", () => blobs.sweepStrays());
    await this.#part("logs beyond their size", () => this.#trimLogs(at));
    await this.#part("records beyond their number", () => this.#trimRecords(at, before));
    if (limits.buildCacheBytes !== undefined && pruneBuildCache !== undefined) {
      const { buildCacheBytes } = limits;
      await this.#part("build cache", () => pruneBuildCache(buildCacheBytes, this.#stopped.signal));
    }
    await this.#part("free pages", async () => {
      while (db.isOpen && db.shrink()) await this.#turn();
    });
  }

  /** One kind of thing: a failure is told, and stops no other kind. */
  async #part(what: string, work: () => unknown): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      // The engine may be away, or the disk full: the next sweep tries again, from the same state.
      if (!this.#stopped.signal.aborted)
        this.#options.log.warn({ what, err: asError(error) }, "a part of the sweep failed");
    }
  }

  /** Lets requests pass between two steps. @throws when the service stops */
  async #turn(): Promise<void> {
    await setImmediate();
    this.#stopped.signal.throwIfAborted();
  }

  async #removeImages(): Promise<void> {
    const { db, artifacts, log } = this.#options;
    for (const { templateId, imageRef, state } of artifactsToRemove(db)) {
      try {
        if (!(await artifacts.remove(imageRef, this.#stopped.signal))) continue;
      } catch (error) {
        // Of an engine that is away no image can be removed; one that it will not let go stands in nobody's way.
        if (error instanceof EngineUnavailableError || this.#stopped.signal.aborted) throw error;
        log.warn({ templateId, imageRef, err: asError(error) }, "an image could not be removed; trying again later");
        continue;
      }
      db.transaction(() => {
        updateArtifact(db, templateId, { state: "purged", imageRemovedAt: now() });
        if (state === "expired") audit(db, "artifact_reclaimed", templateId, { imageRef });
      });
      log.info({ templateId, imageRef }, "image removed");
    }
  }

  #expire(at: string): void {
    const { db, retentionMs } = this.#options;
    db.transaction(() => {
      const free = this.#freeArtifacts();
      const freeIds = new Set(free.map(({ templateId }) => templateId));
      for (const { templateId, unpinnedAt } of availableArtifacts(db)) {
        if (unpinnedAt !== null && !freeIds.has(templateId)) updateArtifact(db, templateId, { unpinnedAt: null });
      }
      for (const artifact of free) {
        const { templateId } = artifact;
        const since = idleSince(artifact);
        if (since === null) updateArtifact(db, templateId, { unpinnedAt: at });
        else if (later(since, retentionMs) <= at) updateArtifact(db, templateId, { state: "expired" });
      }
    });
  }

  /** Available artifacts that nothing needs. */
  #freeArtifacts(): ArtifactRow[] {
    const { db, artifactUses } = this.#options;
    const unpinned = unpinnedArtifacts(db);
    const ids = unpinned.map(({ templateId }) => templateId);
    const used = new Set(findArtifactUses(db, artifactUses, ids).map(({ templateId }) => templateId));
    return unpinned.filter(({ templateId }) => !used.has(templateId));
  }

  /** Lets artifacts go that nothing needs, those first that have been of no use for longest, until the rest is small enough. @returns whether any goes */
  async #expireBySize(at: string): Promise<boolean> {
    const { db, artifacts, limits, log } = this.#options;
    const images = await artifacts.list(this.#stopped.signal);
    const sizes = new Map(images.map(({ imageId, sizeBytes }) => [imageId, sizeBytes]));
    return db.transaction(() => {
      // Artifacts of one image are as large as one of them.
      const holders = Map.groupBy(availableArtifacts(db), ({ imageId }) => imageId);
      let bytes = [...holders.keys()].reduce((sum, imageId) => sum + (sizes.get(imageId) ?? 0), 0);
      const idle = this.#freeArtifacts()
        .map((artifact) => ({ ...artifact, since: idleSince(artifact) ?? at }))
        .filter(({ since }) => later(since, JUST_USED_MS) <= at);
      const left = new Map([...holders].map(([imageId, rows]) => [imageId, rows.length]));
      let expired = 0;
      for (const { templateId, imageId } of idle) {
        if (bytes <= limits.imageBytes) break;
        updateArtifact(db, templateId, { state: "expired" });
        expired += 1;
        const holding = (left.get(imageId) ?? 1) - 1;
        left.set(imageId, holding);
        if (holding === 0) bytes -= sizes.get(imageId) ?? 0;
      }
      if (bytes > limits.imageBytes) {
        log.warn(
          { bytes, limit: limits.imageBytes },
          "the images that are needed are larger than they may be together",
        );
      }
      return expired > 0;
    });
  }

  async #trimBlobs(at: string): Promise<void> {
    const { db, blobs, limits } = this.#options;
    const before = later(at, -JUST_USED_MS);
    while (storedBlobBytes(db) > limits.blobBytes) {
      const removed = await blobs.sweep(before);
      if (removed > 0) continue;
      const contexts = oldestContexts(db, before, STEP);
      if (contexts.length === 0) return;
      for (const contextKey of contexts) forgetContext(db, contextKey);
      await this.#turn();
    }
  }

  async #trimLogs(at: string): Promise<void> {
    const { db, limits } = this.#options;
    for (let bytes = wholeLogBytes(db); bytes > limits.logBytes;) {
      const builds = oldestWholeLogs(db, STEP);
      if (builds.length === 0) return;
      for (const { buildId, logBytes } of builds) {
        if (bytes <= limits.logBytes) return;
        trimLog(db, buildId, (offset) => trimNote(db, buildId, offset, at), at);
        bytes -= logBytes;
        await this.#turn();
      }
    }
  }

  async #trimRecords(at: string, before: string): Promise<void> {
    const { db, limits } = this.#options;
    const justUsed = later(at, -JUST_USED_MS);
    for (let over = storedAmounts(db).builds - limits.builds; over > 0;) {
      const builds = oldestUselessBuilds(db, justUsed, Math.min(over, STEP));
      if (builds.length === 0) break;
      for (const buildId of builds) {
        forgetBuild(db, buildId);
        await this.#turn();
      }
      over -= builds.length;
    }
    trimAuditEvents(db, MAX_AUDIT_EVENTS);
    forgetDeleted(db, before);
  }
}

/** Entry in the place of a log that was taken away. */
function trimNote(db: Database, buildId: string, offset: number, at: string): string {
  const entry: LogEntry = {
    build_id: buildId,
    template_id: findBuild(db, buildId)?.templateId ?? "",
    offset,
    timestamp: at,
    kind: "warning",
    level: "warn",
    message: "What the build said before its end is not kept any more: logs of later builds needed the room.",
  };
  return JSON.stringify(entry);
}
