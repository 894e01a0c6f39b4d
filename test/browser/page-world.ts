import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { BlobStore } from "../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../service/blobs/folder-blob-bytes.ts";
import { BuildService } from "../../service/builds/build-service.ts";
import { asCaller } from "../../service/caller.ts";
import { Fleet } from "../../service/fleet/fleet.ts";
import { poolTagFollowers } from "../../service/fleet/pools/tag-followers.ts";
import { createApp } from "../../service/http/app.ts";
import type { ServiceApp } from "../../service/http/service-app.ts";
import { keyRing } from "../../service/keys/key-ring.ts";
import { registerPage } from "../../service/page/register-page.ts";
import { ApiKeyStore } from "../../service/store/api-keys.ts";
import { Database } from "../../service/store/database.ts";
import { fleetArtifactUses } from "../../service/store/fleet-artifact-uses.ts";
import { MIGRATIONS } from "../../service/store/migrations/index.ts";
import { TemplateEvents } from "../../service/templates/events.ts";
import { deleteRef } from "../../service/templates/delete-template.ts";
import { Retention } from "../../service/templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS } from "../../service/templates/storage-limits.ts";
import { resolveTemplate } from "../../service/templates/resolve.ts";
import { CreateTemplateRequest } from "../../sdk/wire/index.ts";
import { MemoryNativePools } from "../unit/service/native/memory-native-pools.ts";
import { MemoryArtifacts } from "../unit/service/memory-artifacts.ts";
import { MemoryDriver } from "../unit/service/memory-driver.ts";
import { MemoryExecutor, type BegunBuild } from "../unit/service/memory-executor.ts";

/** A build that a test says lines in, and ends. */
export interface HeldBuild {
  buildId: string;
  /** The builder says something in a step, from 1. */
  say: (step: number, ...messages: string[]) => void;
  /** Waits until the builder has begun again, after a restart of the service. */
  begunAgain: () => Promise<void>;
  /** The builder has made the image. */
  finish: () => Promise<void>;
  /** The builder could not make it. */
  fail: (error: Error) => Promise<void>;
}

interface Run {
  app: ServiceApp;
  builds: BuildService;
  fleet: Fleet;
  retention: Retention;
  stopping: AbortController;
}

/** How a world is. */
export interface WorldOptions {
  /** Who has logged in and does nothing for so long is logged out. Default 30 minutes. */
  idleMs?: number;
}

const GIB = 1024 ** 3;

/** Size of the image of every build that {@link HeldBuild.finish} ends. */
const IMAGE_BYTES = 412 * 1024 ** 2;

/** Waits until something in this process is so. @throws when it has not become so for long */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`it has not come to it that ${what}`);
    await sleep(1);
  }
}

/**
 * The page over a real store, real builds and a real fleet, with a builder and machines in memory: what a build says and
 * when it ends, a test decides. The service can be stopped and started again at the same address.
 */
export class PageWorld implements AsyncDisposable {
  readonly apiKey = "a-key-of-the-world-that-is-long-enough";
  readonly keyName = "local";
  readonly executor: MemoryExecutor;
  readonly db: Database;
  readonly keys: ApiKeyStore;
  readonly artifacts = new MemoryArtifacts();
  readonly driver = new MemoryDriver();
  readonly nativePools = new MemoryNativePools();
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-page-"));
  readonly #options: WorldOptions;
  readonly #blobs: BlobStore;
  #run: Run | undefined;
  #port = 0;

  private constructor(options: WorldOptions) {
    this.#options = options;
    this.db = new Database(join(this.#folder, "store.db"), MIGRATIONS);
    this.#blobs = new BlobStore(this.db, new FolderBlobBytes(join(this.#folder, "blobs")));
    this.keys = new ApiKeyStore(this.db);
    this.executor = new MemoryExecutor(this.artifacts);
    this.executor.isHeld = true;
  }

  static async start(options: WorldOptions = {}): Promise<PageWorld> {
    const world = new PageWorld(options);
    await world.startService();
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The service of this moment. */
  get service(): Run {
    if (this.#run === undefined) throw new Error("the service does not run");
    return this.#run;
  }

  async startService(): Promise<void> {
    const stopping = new AbortController();
    const log = pino({ level: "silent" });
    const { db, artifacts, driver, executor } = this;
    const blobs = this.#blobs;
    const events = new TemplateEvents();
    const artifactUses = [fleetArtifactUses];
    const deps = { db, events, log, artifactUses, tagFollowers: poolTagFollowers, stopping: stopping.signal };
    const fleet = new Fleet({ ...deps, driver, nativePools: this.nativePools });
    const resolve = async (ref: string) => resolveTemplate(db, ref);
    // Many at once: builds of a test are held as long as it likes.
    const seams = { blobs, executor, artifacts, driver };
    const builds = new BuildService({ ...deps, ...seams, resolve, retentionMs: 1e9, concurrency: 50 });
    const retention = new Retention({
      ...deps,
      blobs,
      artifacts,
      retentionMs: 1e9,
      limits: DEFAULT_STORAGE_LIMITS,
      pruneBuildCache: async () => 0,
    });
    const keys = keyRing([{ name: this.keyName, key: this.apiKey }], this.keys);
    const app = createApp({ logger: log, keys, refExists: () => false, stopping: stopping.signal });
    registerPage(app, {
      ...deps,
      keys,
      blobs,
      builds,
      fleet,
      folder: this.#folder,
      storePath: join(this.#folder, "store.db"),
      disk: { artifacts, retention, buildCache: async () => ({ bytes: 3 * GIB, spareBytes: GIB }) },
      instanceId: "page-world",
      isTls: false,
      isBehindProxy: false,
      ...this.#options,
      places: [
        {
          name: "engine",
          subject: "The engine",
          title: "Docker Engine",
          host: "unix:///var/run/docker.sock",
          look: () => executor.checkAvailable(),
        },
      ],
    });
    builds.resume();
    fleet.start();
    await app.listen({ port: this.#port, host: "127.0.0.1" });
    this.#port = (app.server.address() as AddressInfo).port;
    this.#run = { app, builds, fleet, retention, stopping };
  }

  async stopService(): Promise<void> {
    const { app, builds, fleet, retention, stopping } = this.service;
    this.#run = undefined;
    stopping.abort(new Error("the service stops"));
    await app.close();
    await retention.stop();
    await fleet.settle();
    await builds.stop();
  }

  /** Breaks every connection, as a network does; the service runs on. */
  cutConnections(): void {
    this.service.app.server.closeAllConnections();
  }

  /** Does something in the name of a key of the service, as a request with it does. */
  as<T>(name: string, work: () => T): T {
    const keyId = this.keys.liveRows().find((key) => key.name === name)?.keyId ?? null;
    return asCaller({ keyId, name }, work);
  }

  /** Kinds of changes that are on record of something, in their order, each with who made it. */
  recorded(subject: string): string[] {
    return this.db
      .all<{ actor: string; action: string }>(
        "SELECT actor, action FROM audit_events WHERE subject = ? ORDER BY event_id",
        [subject],
      )
      .map(({ actor, action }) => `${actor}: ${action}`);
  }

  /** Accepts a build, and waits until the builder has begun with it. */
  async begin(request: Record<string, unknown>): Promise<HeldBuild> {
    const whole = request.dockerfile === undefined ? { base_image: "busybox:1", ...request } : request;
    const parsed = CreateTemplateRequest.parse({ skip_cache: true, ...whole });
    const { builds } = this.service;
    const signal = AbortSignal.timeout(30_000);
    const { build_id: buildId } = await this.as(this.keyName, () => builds.start(parsed, signal));
    const ended = () => this.service.builds.waitUntilFinal(buildId, AbortSignal.timeout(30_000));
    await this.#begun(buildId);
    return {
      buildId,
      say: (step, ...messages) =>
        this.db.transaction(() => {
          for (const message of messages) {
            this.#latest(buildId).report({ kind: "message", level: "info", phase: "step", message, step_index: step });
          }
        }),
      begunAgain: () => this.#begun(buildId),
      finish: async () => {
        const run = this.#latest(buildId);
        const imageId = `sha256:${buildId}`;
        this.artifacts.images.set(imageId, { isOwn: true, sizeBytes: IMAGE_BYTES });
        this.artifacts.names.set(run.job.imageRef, imageId);
        run.end({ imageId, cache: { layer_hits: 3, layer_misses: 1, layer_bypasses: 0, layer_stores: 1 } });
        await ended();
      },
      fail: async (error) => {
        this.#latest(buildId).end(error);
        await ended();
      },
    };
  }

  /** A build that became ready, with what it said. @returns its id */
  async ready(request: Record<string, unknown>, ...says: string[]): Promise<string> {
    const build = await this.begin(request);
    build.say(1, ...says);
    await build.finish();
    return build.buildId;
  }

  /** Deletes a template, as the API does. */
  forget(ref: string): void {
    deleteRef({ db: this.db, artifactUses: [fleetArtifactUses], tagFollowers: poolTagFollowers }, ref);
  }

  #runOf(buildId: string): BegunBuild | undefined {
    return this.executor.begun.findLast(({ job, signal }) => job.buildId === buildId && !signal.aborted);
  }

  #latest(buildId: string): BegunBuild {
    const run = this.#runOf(buildId);
    if (run === undefined) throw new Error(`the builder has not begun with ${buildId}`);
    return run;
  }

  /** The builder is given a build soon after it was accepted, and again after a restart. */
  #begun(buildId: string): Promise<void> {
    return until(`the builder has begun with ${buildId}`, () => this.#runOf(buildId) !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#run !== undefined) await this.stopService();
    this.db.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
