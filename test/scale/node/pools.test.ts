import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import type { CreateTemplateRequest } from "../../../sdk/wire/index.ts";
import { GUEST_LABEL, POOL_LABEL, PULL_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

const SCRIPT = fileURLToPath(new URL("fleet-process.ts", import.meta.url));
const SIZE = { vcpus: 1, memory_mb: 32 };
const WEB = (version: string) => ({
  start_cmd: `mkdir -p /www; echo ${version} >/www/v; exec httpd -f -p 127.0.0.1:80 -h /www`,
  runtime_config: { readiness: { kind: "tcp" as const, port: 80 } },
});

/** A pod as kubectl shows it. */
interface SeenPod {
  metadata: { name: string; uid: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
}

/** A fleet on a cluster, in a process that may be killed and started again on the same store. */
class KubernetesFleet implements AsyncDisposable {
  readonly instanceId = `test-${randomBytes(6).toString("hex")}`;
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-kubernetes-fleet-"));
  readonly #apiKey = `ns_local_${randomBytes(12).toString("hex")}`;
  readonly #cluster: Cluster;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;
  #client: NullspaceClient | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get client(): NullspaceClient {
    return this.#client ?? expect.fail("the fleet is not started");
  }

  async start(): Promise<void> {
    const args = [join(this.#folder, "store.db"), this.instanceId, this.#cluster.kubeconfig, this.#apiKey];
    const child = spawn(process.execPath, ["--conditions=nullspace-source", SCRIPT, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#client = new NullspaceClient({ baseUrl: await this.#line(), apiKey: this.#apiKey });
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    await this.#client?.close();
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const over = once(child, "exit");
    child.kill(signal);
    await over;
  }

  /** A ready build of `local/web`, with `tag` moved to it. */
  async seed(
    tag: string,
    definition: CreateTemplateRequest,
    imageId = this.#cluster.registry?.busyboxImage,
  ): Promise<{ templateId: string }> {
    this.#child?.stdin?.write(`${JSON.stringify({ name: "web", tag, imageId, definition })}\n`);
    return JSON.parse(await this.#line()) as { templateId: string };
  }

  /** Pods of this service that are not on their way out. */
  async pods(more = ""): Promise<SeenPod[]> {
    const selector = `${INSTANCE_LABEL}=${this.instanceId}${more}`;
    const { stdout } = await this.#cluster.kubectl(["get", "pods", "-o", "json", "--selector", selector]);
    const { items } = JSON.parse(stdout) as { items: SeenPod[] };
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    const selector = `${INSTANCE_LABEL}=${this.instanceId}`;
    await this.#cluster.kubectl(["delete", "pods", "--selector", selector, "--now", "--wait=false"]);
    rmSync(this.#folder, { recursive: true });
  }

  async #line(): Promise<string> {
    const next = await this.#lines?.next();
    if (next === undefined || next.done) throw new Error("the fleet's process has ended");
    return next.value;
  }
}

describe.skipIf(!HAS_CLUSTER)("warm pools on Kubernetes, through the HTTP API", () => {
  let cluster: Cluster;
  let fleet: KubernetesFleet;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
  });
  afterAll(async () => cluster?.stop());
  beforeEach(async () => {
    fleet = new KubernetesFleet(cluster);
    await fleet.start();
  });
  afterEach(async () => fleet[Symbol.asyncDispose]());

  const soon = { timeout: 90_000, interval: 200 };
  const names = (pods: readonly SeenPod[]) => pods.map(({ metadata }) => metadata.name).sort();
  const makePool = async (minReady: number, maxReady: number) => {
    const pool = await fleet.client.warmPools.create({
      name: "p",
      template_ref: "web:stable",
      version_policy: "track_tag",
      min_ready: minReady,
      max_ready: maxReady,
      resources: SIZE,
    });
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    return pool;
  };
  const claim = (poolId: string) =>
    fleet.client.machines.create({ template: "web:stable", ...SIZE, warm_pool: { id: poolId, mode: "require" } });
  const versionIn = async (machineId: string) =>
    (await fleet.client.machines.exec(machineId, { command: "cat", args: ["/www/v"] })).stdout.trim();

  it("fill, hand out by claim, roll out to a moved tag without ever being empty, drain, and go", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(2, 3);
    expect(await fleet.pods(`,${POOL_LABEL}=${pool.id}`)).toHaveLength(2);
    const first = await claim(pool.id);
    expect(await versionIn(first.id)).toBe("one");
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });

    await fleet.seed("stable", WEB("two"));
    let least = Infinity;
    await expect
      .poll(async () => {
        const { status, rollout_generation: generation } = await fleet.client.warmPools.get(pool.id);
        least = Math.min(least, status.ready);
        const second = generation === 2 && status.ready >= 2 && status.warming === 0;
        return second && (await fleet.pods(`,${POOL_LABEL}=${pool.id}`)).length;
      }, soon)
      .toBe(3);
    expect(least).toBeGreaterThan(0);
    const second = await claim(pool.id);
    expect([await versionIn(second.id), await versionIn(first.id)]).toEqual(["two", "one"]);

    await fleet.client.warmPools.drain(pool.id);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).state, soon).toBe("disabled");
    expect(await fleet.pods()).toHaveLength(2);
    await expect(claim(pool.id)).rejects.toMatchObject({ code: expect.stringMatching(/warm_pool/) });
    for (const { id } of [first, second]) await fleet.client.machines.delete(id);
    await expect.poll(() => fleet.pods(), soon).toEqual([]);
  });

  it("lose and double nothing when the service stops or is killed in a roll-out, and go on with it", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(3, 4);
    const machine = await claim(pool.id);
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    const before = await fleet.pods();
    for (const [index, signal] of (["SIGTERM", "SIGKILL", "SIGKILL"] as const).entries()) {
      const version = `v${index}`;
      const { templateId } = await fleet.seed("stable", WEB(version));
      // In the middle of it: a new member is there, and an old one still.
      await expect
        .poll(async () => (await fleet.client.warmPools.get(pool.id)).status.warming, soon)
        .toBeGreaterThan(0);
      await fleet.end(signal);
      await fleet.start();
      expect(await versionIn(machine.id)).toBe("one");
      await expect
        .poll(async () => {
          const { status, ...now } = await fleet.client.warmPools.get(pool.id);
          const pods = names(await fleet.pods()).length;
          return [
            now.runtime_artifact_id,
            now.rollout_status?.old_ready_or_warming,
            status.ready,
            status.warming,
            pods,
          ];
        }, soon)
        .toEqual([templateId, 0, 3, 0, 4]);
      const taken = await claim(pool.id);
      expect(await versionIn(taken.id)).toBe(version);
      await fleet.client.machines.delete(taken.id);
      await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    }
    const after = await fleet.pods();
    const kept = before.filter(({ metadata: { uid } }) => after.some(({ metadata }) => metadata.uid === uid));
    expect(kept).toHaveLength(1);
    expect(new Set(after.map(({ metadata }) => metadata.labels[GUEST_LABEL])).size).toBe(after.length);
  });

  it("roll to a large image once the node has it, whatever becomes of the service meanwhile, and no member waits for it", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(2, 3);
    const { registry } = cluster;
    const image = await registry!.push("large", ["RUN dd if=/dev/urandom of=/large bs=1M count=96"]);
    const imagesOf = async () =>
      (await fleet.pods(`,${POOL_LABEL}=${pool.id}`)).flatMap(({ spec }) => spec.containers.map((each) => each.image));
    const pulling = async () => (await fleet.pods(`,${PULL_LABEL}`)).map(({ metadata }) => metadata.uid);
    // The node waits for the registry, as long as the test wants.
    registry!.process.freeze();
    try {
      await fleet.seed("stable", WEB("two"), image);
      await expect.poll(pulling, soon).toHaveLength(1);
      const before = await pulling();
      const machine = await claim(pool.id);
      expect(await versionIn(machine.id)).toBe("one");
      await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
      await fleet.end("SIGKILL");
      await fleet.start();
      await expect.poll(async () => (await pulling()).filter((uid) => !before.includes(uid)), soon).toHaveLength(1);
      await fleet.client.warmPools.reconcile(pool.id);
      expect(new Set(await imagesOf())).toEqual(new Set([registry!.busyboxImage]));
      expect(await fleet.client.warmPools.get(pool.id)).toMatchObject({ rollout_generation: 1, status: { ready: 2 } });
      await fleet.client.machines.delete(machine.id);
    } finally {
      registry!.process.thaw();
    }
    const whatIs = async () => {
      const { status } = await fleet.client.warmPools.get(pool.id);
      return [status.ready, status.warming, status.draining, await imagesOf()];
    };
    await expect.poll(whatIs, soon).toEqual([2, 0, 0, [image, image]]);
    expect(await fleet.pods(`,${PULL_LABEL}`)).toEqual([]);
    for (const name of names(await fleet.pods(`,${POOL_LABEL}=${pool.id}`))) {
      const selector = `involvedObject.name=${name},reason=Pulled`;
      const { stdout } = await cluster.kubectl(["get", "events", "--field-selector", selector, "-o", "json"]);
      const { items } = JSON.parse(stdout) as { items: { message: string }[] };
      expect(items.map(({ message }) => message)).toEqual([expect.stringContaining("already present on machine")]);
    }
  });

  it("say why the node cannot pull the next image, and lose no member by it", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(2, 2);
    const before = names(await fleet.pods());
    await fleet.seed("stable", WEB("two"), `${cluster.registry!.host}/none@sha256:${"0".repeat(64)}`);
    await expect
      .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_reason, soon)
      .toBe("artifact_not_ready");
    const { status, degraded_message: message } = await fleet.client.warmPools.get(pool.id);
    expect([status.ready, status.failed]).toEqual([2, 0]);
    expect(message).toMatch(/cannot be pulled by node node1 \((ErrImagePull|ImagePullBackOff)/);
    expect(names(await fleet.pods(`,${POOL_LABEL}=${pool.id}`))).toEqual(before);
  });

  it("replace a member that is deleted behind their back, and take away a pod that no record knows", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(2, 2);
    const [victim] = await fleet.pods();
    await cluster.kubectl(["delete", "pod", victim?.metadata.name ?? "", "--wait=false"]);
    await expect
      .poll(async () => {
        const now = names(await fleet.pods());
        return now.length === 2 && !now.includes(victim?.metadata.name ?? "");
      }, soon)
      .toBe(true);
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    const labels = `--labels=${INSTANCE_LABEL}=${fleet.instanceId},${GUEST_LABEL}=gst_stray`;
    const image = `--image=${cluster.registry?.busyboxImage}`;
    await cluster.kubectl(["run", "nullspace-gst-stray", image, labels, "--", "sleep", "1000"]);
    await expect.poll(async () => names(await fleet.pods()).includes("nullspace-gst-stray"), soon).toBe(false);
  });
});
