import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import type { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { registerOpenApi } from "../../../service/http/openapi.ts";
import { createApp } from "../../../service/http/app.ts";
import type { MachineDriver } from "../../../service/fleet/guests/machine-driver.ts";
import { DockerMachineDriver } from "../../../service/drivers/docker/docker-driver.ts";
import { registerFleetRoutes } from "../../../service/http/routes/fleet.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import { Fleet } from "../../../service/fleet/fleet.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { type ServiceDeps } from "../../../service/service-deps.ts";
import { Database } from "../../../service/store/database.ts";
import { TemplateEvents } from "../../../service/templates/events.ts";
import { seedBuild, type SeededBuild } from "../../unit/service/seed-template.ts";

/** A small image with a shell, on a registry of this machine. */
export const BASE_IMAGE = process.env.NULLSPACE_BASE_IMAGE ?? "";

/** Machines and pools on a real engine, behind real HTTP; templates are written into the store, not built. */
export class FleetFixture implements AsyncDisposable {
  readonly engine = new DockerEngine();
  readonly serviceId = `test-${randomBytes(6).toString("hex")}`;
  readonly #folder = mkdtempSync(join(tmpdir(), "fleet-"));
  #run: Run | undefined;

  /** Starts the service, or starts it again on the same store. */
  async start(wrap: (driver: MachineDriver) => MachineDriver = (driver) => driver): Promise<void> {
    this.#run = await startRun(this.engine, join(this.#folder, "store.db"), this.serviceId, wrap);
  }

  /** Stops it in good order; containers go on. */
  async stop(): Promise<void> {
    await this.#run?.stop();
    this.#run = undefined;
  }

  get client(): NullspaceClient {
    return this.#running.client;
  }

  get db(): Database {
    return this.#running.deps.db;
  }

  get fleet(): Fleet {
    return this.#running.fleet;
  }

  /** Base URL and key, for clients that are not ours. */
  get access(): { url: string; apiKey: string } {
    return this.#running;
  }

  /** A ready build of `local/<name>`, with `tag` moved to it. */
  seed(name: string, tag: string, definition: CreateTemplateRequest = {}): SeededBuild {
    const build = seedBuild(this.db, name, tag, BASE_IMAGE, definition);
    this.#running.deps.events.emit({ kind: "tag_moved", templateId: build.templateId });
    return build;
  }

  /** Containers of this service on the engine. */
  containers() {
    return this.engine.containers.list({ all: true, filters: { label: [`${INSTANCE_LABEL}=${this.serviceId}`] } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const { Id } of await this.containers()) await this.engine.containers.remove(Id, { force: true });
    await this.engine.close();
    rmSync(this.#folder, { recursive: true });
  }

  get #running(): Run {
    if (this.#run === undefined) throw new Error("the fleet is not started");
    return this.#run;
  }
}

interface Run {
  deps: ServiceDeps;
  fleet: Fleet;
  client: NullspaceClient;
  url: string;
  apiKey: string;
  stop: () => Promise<void>;
}

async function startRun(
  engine: DockerEngine,
  storePath: string,
  serviceId: string,
  wrap: (driver: MachineDriver) => MachineDriver,
): Promise<Run> {
  const stopping = new AbortController();
  const log = pino({ level: process.env.FLEET_LOG ?? "silent" });
  const db = new Database(storePath);
  const deps: ServiceDeps = {
    db,
    events: new TemplateEvents(),
    log,
    artifactUses: [],
    tagFollowers: poolTagFollowers,
    stopping: stopping.signal,
  };
  const fleet = new Fleet({ ...deps, driver: wrap(new DockerMachineDriver(engine, serviceId)) });
  const apiKey = `ns_local_${randomBytes(6).toString("hex")}`;
  const app = createApp({
    logger: log,
    keys: keyRing([{ name: "test", key: apiKey }]),
    refExists: () => false,
    stopping: stopping.signal,
  });
  await registerOpenApi(app, "0.0.0");
  registerFleetRoutes(app, { fleet, stopping: stopping.signal, prepare: async () => undefined });
  fleet.start();
  await app.listen({ port: 0, host: "127.0.0.1" });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const client = new NullspaceClient({ apiKey, baseUrl: url });
  const stop = async () => {
    await client.close();
    stopping.abort();
    await app.close();
    await fleet.settle();
    db.close();
  };
  return { deps, fleet, client, url, apiKey, stop };
}

/** Waits until `test` gives something, looking often; fails with what was seen last when that takes too long. */
export async function eventually<T>(
  what: string,
  test: () => Promise<T | undefined | null | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await test();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
