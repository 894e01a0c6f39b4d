import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GUEST_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { KubernetesFleet, type SeenObject } from "../fleet/kubernetes-fleet.ts";
import { claim, makePool, SIZE } from "../fleet/web-pool.ts";

const IMAGE = `registry.test/machines@sha256:${"1".repeat(64)}`;
const soon = { timeout: 90_000, interval: 200 };

describe.skipIf(!HAS_CLUSTER)("warm pools of Sandboxes, of a stand-in for agent-sandbox", () => {
  let cluster: Cluster;
  let standIn: SandboxStandIn;
  let fleet: KubernetesFleet;

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    standIn = await startSandboxStandIn(cluster);
  });
  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });
  beforeEach(async () => {
    fleet = new KubernetesFleet(
      cluster,
      { guest: "sandbox", nodeSelector: { type: "kwok" }, pullsAhead: false },
      IMAGE,
    );
    await fleet.start();
  });
  afterEach(async () => fleet[Symbol.asyncDispose]());

  const names = (objects: readonly SeenObject[]) => objects.map(({ metadata }) => metadata.name).toSorted();
  /** Names of Sandboxes, each of which has its one pod. */
  const guests = async () => {
    const [sandboxes, pods] = [names(await fleet.sandboxes()), names(await fleet.pods())];
    return sandboxes.join() === pods.join() ? sandboxes : [];
  };

  it("double nothing and leave no Sandbox behind when the service is killed in a roll-out", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(fleet, 3, 4);
    const machine = await claim(fleet, pool.id);
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    const before = await fleet.sandboxes();
    for (const version of ["two", "three"]) {
      await fleet.seed("stable", { start_cmd: `serve ${version}` });
      // In the middle of it: a new member is there, and an old one still.
      await expect
        .poll(async () => (await fleet.client.warmPools.get(pool.id)).status.warming, soon)
        .toBeGreaterThan(0);
      await fleet.end("SIGKILL");
      await fleet.start();
      await expect
        .poll(async () => {
          const { status } = await fleet.client.warmPools.get(pool.id);
          return [status.ready, status.warming, (await guests()).length];
        }, soon)
        .toEqual([3, 0, 4]);
    }
    const after = await fleet.sandboxes();
    const kept = before.filter(({ metadata: { uid } }) => after.some(({ metadata }) => metadata.uid === uid));
    // The claimed machine, and no member of an earlier build.
    expect(kept).toHaveLength(1);
    expect((await fleet.client.machines.get(machine.id)).status).toBe("running");
    await fleet.client.machines.delete(machine.id);
    await fleet.client.warmPools.drain(pool.id);
    await expect.poll(async () => [...(await fleet.sandboxes()), ...(await fleet.pods())], soon).toEqual([]);
  });

  it("replace a member whose pod is deleted, end a machine whose pod is, and take away what no record knows", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(fleet, 2, 2);
    const machine = await claim(fleet, pool.id);
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    const before = await guests();
    expect(before).toHaveLength(3);
    await cluster.kubectl(["delete", "pods", ...before, "--wait=false"]);
    await expect
      .poll(async () => {
        const now = await guests();
        return now.length === 2 && now.every((name) => !before.includes(name));
      }, soon)
      .toBe(true);
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    const ended = await fleet.client.machines.get(machine.id);
    // Said while the pod goes, or when it has gone.
    expect(ended).toMatchObject({
      status: "error",
      error: expect.stringMatching(/removed from its host|its pod was deleted/),
    });

    const [member] = await fleet.sandboxes();
    const { labels } = member!.metadata;
    const stray = {
      apiVersion: "agents.x-k8s.io/v1beta1",
      kind: "Sandbox",
      metadata: { name: "nullspace-gst-stray", labels: { ...labels, [GUEST_LABEL]: "gst_stray" } },
      spec: { podTemplate: { spec: { containers: [{ name: "guest", image: IMAGE }] } } },
    };
    await cluster.api.create("/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes", stray);
    await expect.poll(async () => names(await fleet.sandboxes()).includes("nullspace-gst-stray"), soon).toBe(false);
  });

  it("say that nothing makes their members while the controller does not run, and fill when it does", async () => {
    await standIn.controller.kill();
    try {
      await fleet.seed("stable", { start_cmd: "serve" });
      const pool = await fleet.client.warmPools.create({
        name: "p",
        template_ref: "web:stable",
        version_policy: "track_tag",
        min_ready: 1,
        max_ready: 1,
        resources: SIZE,
      });
      await expect.poll(async () => (await fleet.sandboxes()).length, soon).toBe(1);
      expect((await fleet.client.warmPools.get(pool.id)).status).toMatchObject({ ready: 0, warming: 1 });
      await standIn.controller.start();
      await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    } finally {
      if (!standIn.controller.isRunning) await standIn.controller.start();
    }
  });
});
