import { expect } from "vitest";
import { pino } from "pino";
import type { ClusterAccess } from "../../../../service/drivers/kubernetes/client/cluster-access.ts";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { KubernetesNativePools } from "../../../../service/drivers/kubernetes/native-pools/kubernetes-native-pools.ts";
import { Fleet } from "../../../../service/fleet/fleet.ts";
import { REPLICAS_LABEL } from "../../../../service/fleet/pools/native/replicas-label.ts";
import type { NativeObserver } from "../../../../service/fleet/pools/native/native-observer.ts";
import type { NativeFailureReason } from "../../../../service/fleet/pools/native/native-status.ts";
import { Database } from "../../../../service/store/database.ts";
import { MIGRATIONS } from "../../../../service/store/migrations/index.ts";
import { TemplateEvents } from "../../../../service/templates/events.ts";
import { MemoryDriver } from "../memory-driver.ts";
import { SIZE } from "../memory-fleet.ts";
import { seedBuild, type SeededBuild } from "../seed-template.ts";
import type { NativeServer } from "./native-server.ts";

/** How long something may take that takes no time: the machine may be busy. */
export const SOON = { timeout: 60_000, interval: 20 };

interface Run {
  fleet: Fleet;
  client: KubernetesClient;
  events: TemplateEvents;
  stopping: AbortController;
}

/** A service whose own machines are in memory, and whose pools for other programs are kept at a {@link NativeServer}. */
export class NativeWorld implements AsyncDisposable {
  readonly server: NativeServer;
  readonly db = new Database(":memory:", MIGRATIONS);
  readonly driver = new MemoryDriver();
  readonly instanceId: string;
  /** What failed, as observers are told. */
  readonly failures: [pool: string, reason: NativeFailureReason][] = [];
  /** Is told, too. */
  observer: NativeObserver | undefined;
  #run: Run | undefined;

  constructor(server: NativeServer, instanceId = "one") {
    this.server = server;
    this.instanceId = instanceId;
  }

  get fleet(): Fleet {
    return this.#run?.fleet ?? expect.fail("the service does not run");
  }

  get client(): KubernetesClient {
    return this.#run?.client ?? expect.fail("the service does not run");
  }

  /** @param options.callLimitMs longest time for an answer of the API server @param options.access how to reach it */
  start(options: { callLimitMs?: number; isOn?: boolean; access?: ClusterAccess } = {}): void {
    const { callLimitMs, isOn = true, access = this.server.standIn.access() } = options;
    const client = new KubernetesClient(access, callLimitMs);
    const stopping = new AbortController();
    const events = new TemplateEvents();
    const settings = { namespace: "machines", instanceId: this.instanceId };
    const fleet = new Fleet({
      db: this.db,
      events,
      log: pino({ level: process.env.NATIVE_LOG ?? "silent" }),
      stopping: stopping.signal,
      driver: this.driver,
      nativePools: new KubernetesNativePools({ client, settings, isOn, isolation: () => undefined }),
      nativeObservers: [
        {
          failed: (pool, reason) => {
            this.failures.push([pool, reason]);
            this.observer?.failed(pool, reason);
          },
        },
      ],
    });
    fleet.start();
    this.#run = { fleet, client, events, stopping };
  }

  async stop(): Promise<void> {
    if (this.#run === undefined) return;
    const { fleet, client, stopping } = this.#run;
    this.#run = undefined;
    stopping.abort(new Error("the service stops"));
    await fleet.settle();
    await client.close();
  }

  seed(name: string, tag = "stable"): SeededBuild {
    const build = seedBuild(this.db, name, tag, "registry.test/machines@sha256:1");
    this.#run?.events.emit({ kind: "tag_moved" });
    return build;
  }

  /** Points a tag at a build that was made before. */
  moveTag(name: string, buildId: string, tag = "stable"): void {
    this.db.run(
      `UPDATE tags SET build_id = ? WHERE tag = ? AND template_key = (SELECT template_key FROM templates WHERE name = ?)`,
      [buildId, tag, name],
    );
    this.#run?.events.emit({ kind: "tag_moved" });
  }

  async makePool(replicas: number, name = "web"): Promise<string> {
    const { id } = await this.fleet.pools.create({
      name,
      template_ref: "web:stable",
      version_policy: "track_tag",
      track_tag: "stable",
      min_ready: 0,
      max_ready: 1,
      resources: SIZE,
      labels: { [REPLICAS_LABEL]: String(replicas) },
    });
    return id;
  }

  async setReplicas(poolId: string, replicas: number | undefined): Promise<void> {
    const labels: Record<string, string> = replicas === undefined ? {} : { [REPLICAS_LABEL]: String(replicas) };
    await this.fleet.pools.update(poolId, { labels });
  }

  /** Waits until the warm pools are so. */
  async untilCounts(...counts: [generation: number, replicas: number, ready: number][]): Promise<void> {
    await expect.poll(() => this.server.counts(), SOON).toEqual(counts);
  }

  /** Waits until a pool says what is wrong with it. */
  async untilSaid(poolId: string, message: RegExp): Promise<void> {
    await expect.poll(() => this.fleet.pools.get(poolId).degraded_message ?? "", SOON).toMatch(message);
  }

  /** Waits until nothing is wrong with a pool. */
  async untilWell(poolId: string): Promise<void> {
    await expect.poll(() => this.fleet.pools.get(poolId).degraded_reason, SOON).toBeUndefined();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.db.close();
  }
}
