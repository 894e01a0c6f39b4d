import { LonelyService } from "../../unit/service/lonely-service.ts";
import { join } from "node:path";
import { BuildFailure, failureDetail } from "../../../service/builds/build-failure.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import { acceptBuild } from "../../../service/builds/accept-build.ts";
import { BuildLog } from "../../../service/builds/build-log.ts";
import { markBuilding, markFailed, markReady } from "../../../service/builds/build-transitions.ts";
import { checkRequest } from "../../../service/builds/check-request.ts";
import { asCaller } from "../../../service/caller.ts";
import { Database } from "../../../service/store/database.ts";
import { NEW_POOL, timesOfNewPool } from "../../../service/fleet/pools/pool-settings.ts";
import { newId } from "../../../service/ids.ts";
import { audit } from "../../../service/store/audit.ts";
import { findBuild } from "../../../service/store/builds.ts";
import { GuestStore } from "../../../service/store/guests.ts";
import { MachineStore, type MachineRow } from "../../../service/store/machines.ts";
import { PoolStore, type PoolRow } from "../../../service/store/warm-pools.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { NO_CACHE } from "../../unit/service/template-store.ts";

type Request = Record<string, unknown> & {
  /** What the build says. */
  says?: string[];
};

/** A service without an engine, whose store has builds in it all the same: written beside it, as builds write them. */
export class MemoryWorld implements AsyncDisposable {
  /** Ids in the order in which they were accepted. */
  readonly builds: string[] = [];
  readonly #lonely: LonelyService;
  readonly #db: Database;
  readonly #blobs: BlobStore;
  readonly #buildLog: BuildLog;
  readonly keyName = "local";

  private constructor(lonely: LonelyService) {
    this.#lonely = lonely;
    this.#db = new Database(join(lonely.dataDirectory, "store.db"));
    this.#blobs = new BlobStore(this.#db, new FolderBlobBytes(join(lonely.dataDirectory, "blobs")));
    this.#buildLog = new BuildLog(this.#db);
  }

  static async start(): Promise<MemoryWorld> {
    return new MemoryWorld(await LonelyService.start());
  }

  get url(): string {
    return this.#lonely.service.url;
  }

  get apiKey(): string {
    return this.#lonely.service.apiKey;
  }

  get dataDirectory(): string {
    return this.#lonely.dataDirectory;
  }

  call(method: string, path: string, body?: unknown) {
    return this.#lonely.call(method, path, body);
  }

  /** A build that became ready. @returns its id */
  async ready(request: Request): Promise<string> {
    const buildId = await this.#run(request);
    const { templateId } = this.#db.get<{ templateId: string }>(
      "SELECT template_id AS templateId FROM builds WHERE build_id = ?",
      [buildId],
    ) as { templateId: string };
    const imageRef = `nullspace-local/${templateId}`;
    const image = { imageId: `sha256:${buildId}`, imageRef, ociMetadata: {}, cache: NO_CACHE };
    markReady({ db: this.#db, buildLog: this.#buildLog }, buildId, image);
    return buildId;
  }

  /** A build that failed at a line of its Dockerfile. @returns its id */
  async failed({ error, line, tail, ...request }: Request & { error: string; line: number; tail: string[] }) {
    const buildId = await this.#run(request);
    const failure = new BuildFailure(error, {
      phase: "build_step",
      reason: "command_failed",
      suggestedAction: "Correct it.",
      stepIndex: 3,
      details: { dockerfile_line: line, log_tail: tail },
    });
    markFailed({ db: this.#db, buildLog: this.#buildLog }, buildId, failureDetail(failure, buildId));
    return buildId;
  }

  async #run({ says = [], ...request }: Request): Promise<string> {
    const signal = new AbortController().signal;
    const stores = { db: this.#db, blobs: this.#blobs, buildLog: this.#buildLog };
    const resolve = async (ref: string) => resolveTemplate(this.#db, ref);
    const whole = request.dockerfile === undefined ? { base_image: "busybox:1", ...request } : request;
    const checked = await checkRequest({ ...stores, resolve }, CreateTemplateRequest.parse(whole), signal);
    const caller = { keyId: null, name: this.keyName };
    const buildId = await asCaller(caller, () => acceptBuild(stores, checked));
    this.builds.push(buildId);
    markBuilding(stores, buildId);
    for (const [index, message] of says.entries()) {
      this.#buildLog.append(buildId, { kind: "message", level: "info", phase: "step", message, step_index: index + 1 });
    }
    return buildId;
  }

  /** A pool with a member that starts and one that a machine has become. @returns ids of both */
  fleet(given: {
    pool: Partial<PoolRow> & { name: string };
    machine: Partial<MachineRow>;
    templateId: string;
    buildId: string;
  }): { poolId: string; machineId: string } {
    const [poolId, machineId] = [newId("twp_"), newId("mch_")];
    const nowMs = Date.now();
    const size = { vcpus: 1, memoryMb: 64, diskMb: null } as const;
    const unplaced = { placement: null, placementKey: null };
    const shape = { templateId: given.templateId, ...size, internetAccess: 1, ...unplaced } as const;
    new PoolStore(this.#db).insert({
      ...NEW_POOL,
      ...shape,
      ...timesOfNewPool(nowMs),
      poolId,
      templateRef: "local/web:prod",
      minReady: 2,
      maxReady: 3,
      checkoutPolicy: "prefer",
      idleTimeoutSeconds: 600,
      staleAfterSeconds: 900,
      versionPolicy: "track_tag",
      trackTag: "prod",
      hostPoolId: null,
      cellId: null,
      labels: JSON.stringify({ team: "web" }),
      metadata: "{}",
      resolvedTemplate: "local/web:prod",
      buildId: given.buildId,
      compatibilityKey: "key",
      ...given.pool,
    });
    const guests = new GuestStore(this.#db);
    const guest = { ...shape, poolId, machineId: null, compatibilityKey: "key" };
    guests.insert(guest, nowMs);
    const member = guests.insert(guest, nowMs);
    guests.markReady(member.guestId, nowMs);
    new MachineStore(this.#db).insert({
      ...shape,
      machineId,
      idempotencyKey: null,
      requestDigest: "d",
      template: "local/web:prod",
      status: "running",
      envs: "{}",
      cwd: null,
      metadata: "{}",
      timeoutMs: 3_600_000,
      timeoutAction: "destroy",
      timeoutAtMs: nowMs + 3_600_000,
      inactivityTimeoutMs: null,
      autoDeleteAfterMs: null,
      ephemeral: 0,
      autoResume: 0,
      checkout: JSON.stringify({ source: "ready_instance", hit: true, id: poolId, mode: "prefer" }),
      failure: null,
      createdAtMs: nowMs,
      startedAtMs: nowMs,
      lastActiveAtMs: nowMs,
      pausedAtMs: null,
      endedAtMs: null,
      ...given.machine,
    });
    guests.claim(member.guestId, machineId);
    asCaller({ keyId: null, name: this.keyName }, () =>
      audit(this.#db, "machine_claimed", machineId, {
        template: "local/web:prod",
        templateId: given.templateId,
        poolId,
      }),
    );
    return { poolId, machineId };
  }

  /** The artifact of a build. */
  artifactOf(buildId: string): string {
    return findBuild(this.#db, buildId)!.templateId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#db.close();
    await this.#lonely[Symbol.asyncDispose]();
  }
}
