import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GUEST_LABEL, POOL_LABEL, PULL_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { KubernetesFleet, type SeenObject } from "../fleet/kubernetes-fleet.ts";
import { claim, makePool } from "../fleet/web-pool.ts";

const WEB = (version: string) => ({
  start_cmd: `mkdir -p /www; echo ${version} >/www/v; exec httpd -f -p 127.0.0.1:80 -h /www`,
  runtime_config: { readiness: { kind: "tcp" as const, port: 80 } },
});

const KINDS = [
  { guest: "pod", what: "bare pods" },
  { guest: "sandbox", what: "Sandboxes of a stand-in for agent-sandbox" },
] as const;

describe.skipIf(!HAS_CLUSTER).each(KINDS)("warm pools of $what, through the HTTP API", ({ guest }) => {
  let cluster: Cluster;
  let standIn: SandboxStandIn | undefined;
  let fleet: KubernetesFleet;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
    standIn = guest === "sandbox" ? await startSandboxStandIn(cluster) : undefined;
  });
  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });
  beforeEach(async () => {
    fleet = new KubernetesFleet(cluster, { guest });
    await fleet.start();
  });
  afterEach(async () => fleet[Symbol.asyncDispose]());

  const soon = { timeout: 90_000, interval: 200 };
  const names = (pods: readonly SeenObject[]) => pods.map(({ metadata }) => metadata.name).sort();
  const versionIn = async (machineId: string) =>
    (await fleet.client.machines.exec(machineId, { command: "cat", args: ["/www/v"] })).stdout.trim();

  it("fill, hand out by claim, roll out to a moved tag without ever being empty, drain, and go", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(fleet, 2, 3);
    expect(await fleet.pods(`,${POOL_LABEL}=${pool.id}`)).toHaveLength(2);
    const first = await claim(fleet, pool.id);
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
    const second = await claim(fleet, pool.id);
    expect([await versionIn(second.id), await versionIn(first.id)]).toEqual(["two", "one"]);

    await fleet.client.warmPools.drain(pool.id);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).state, soon).toBe("disabled");
    expect(await fleet.pods()).toHaveLength(2);
    await expect(claim(fleet, pool.id)).rejects.toMatchObject({ code: expect.stringMatching(/warm_pool/) });
    for (const { id } of [first, second]) await fleet.client.machines.delete(id);
    await expect.poll(() => fleet.pods(), soon).toEqual([]);
  });

  it("lose and double nothing when the service stops or is killed in a roll-out, and go on with it", async () => {
    await fleet.seed("stable", WEB("one"));
    const pool = await makePool(fleet, 3, 4);
    const machine = await claim(fleet, pool.id);
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
      const taken = await claim(fleet, pool.id);
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
    const pool = await makePool(fleet, 2, 3);
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
      const machine = await claim(fleet, pool.id);
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
    const pool = await makePool(fleet, 2, 2);
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
    const pool = await makePool(fleet, 2, 2);
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
