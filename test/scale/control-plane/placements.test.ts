import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GUEST_LABEL, POOL_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { INSTANCE_LABEL, PLACEMENT_LABEL } from "../../../service/labels.ts";
import { noteNetworkProof, type NetworkProof } from "../../../service/network-proof.ts";
import { openKubernetesMachines } from "../../../service/parts/kubernetes.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { succeedingKubectl } from "../cluster/succeeding-kubectl.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { KubernetesFleet } from "../fleet/kubernetes-fleet.ts";
import { claim, makePool, SIZE } from "../fleet/web-pool.ts";

const IMAGE = `registry.test/machines@sha256:${"4".repeat(64)}`;
const soon = { timeout: 90_000, interval: 200 };

/** What the API server says of a pod that was made for a machine. */
interface Placed {
  metadata: { name: string; labels: Record<string, string> };
  spec: { nodeName?: string; runtimeClassName?: string; overhead?: Record<string, string> };
}

const GPU = {
  runtimeClassName: "gvisor",
  nodeSelector: { accelerator: "l4" },
  tolerations: [{ key: "accelerator", operator: "Exists", effect: "NoSchedule" }],
  allowEgress: ["10.8.0.0/16"],
};
const PLACEMENTS = { gpu: GPU, plain: {}, small: { nodeSelector: { size: "small" } } };

/** Two nodes of KWOK, of which one has a label and a taint. */
describe.skipIf(!HAS_CLUSTER)("placements of pools (skipped where set-up has not built Kubernetes)", () => {
  let cluster: Cluster;
  let fleet: KubernetesFleet;
  let file: string;

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    const overhead = { podFixed: { memory: "16Mi" } };
    const runtimeClass = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "gvisor" } };
    await cluster.api.create("/apis/node.k8s.io/v1/runtimeclasses", { ...runtimeClass, handler: "runsc", overhead });
    await kubectl(["label", "node", "kwok-1", "accelerator=l4"]);
    await kubectl(["taint", "node", "kwok-1", "accelerator=l4:NoSchedule"]);
    const labels = { size: "small" };
    await cluster.api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "small", labels } });
    const status = { allocatable: { cpu: "1", memory: "128Mi" } };
    await kubectl(["patch", "node", "small", "--subresource=status", "-p", JSON.stringify({ status })]);
    file = join(cluster.folder, "placements.yaml");
  });
  afterAll(async () => cluster?.stop());
  beforeEach(async () => {
    define(PLACEMENTS);
    const options = { placements: file, pullsAhead: false, networkPolicy: "managed" } as const;
    fleet = new KubernetesFleet(cluster, { ...options, nodeSelector: { type: "kwok" } }, IMAGE);
    await fleet.start();
    await fleet.seed("stable", { start_cmd: "serve" });
  });
  afterEach(async () => {
    await fleet[Symbol.asyncDispose]();
    await kubectl(["delete", "networkpolicies", "--all"]);
  });

  const define = (placements: object) => writeFileSync(file, JSON.stringify({ placements }));
  const kubectl = (args: readonly string[], input?: string) => succeedingKubectl(cluster, args, input);
  const restart = async () => {
    await fleet.end("SIGTERM");
    await fleet.start();
  };
  const labelsOf = (placement: string | undefined) =>
    placement === undefined ? {} : { labels: { [PLACEMENT_LABEL]: placement } };
  const poolOf = (placement: string | undefined, { min = 2, max = 3 } = {}) =>
    makePool(fleet, min, max, { name: `p-${placement ?? "none"}`, ...labelsOf(placement) });
  const podsOf = async (poolId: string) => (await fleet.pods(`,${POOL_LABEL}=${poolId}`)) as unknown as Placed[];
  const nodesOf = async (poolId: string) => (await podsOf(poolId)).map(({ spec }) => spec.nodeName);
  const policies = async () => {
    const selector = `${INSTANCE_LABEL}=${fleet.instanceId},${PLACEMENT_LABEL}`;
    const text = await kubectl(["get", "networkpolicies", "-l", selector, "-o", "json"]);
    return (JSON.parse(text) as { items: { spec: { podSelector: { matchLabels: object } } }[] }).items;
  };

  it("say on which nodes, by which RuntimeClass and with which taints the machines of a pool run; other pools have none of it", async () => {
    const [placed, other] = [await poolOf("gpu"), await poolOf(undefined)];
    expect(await podsOf(placed.id)).toMatchObject(
      Array(2).fill({
        metadata: { labels: { [PLACEMENT_LABEL]: "gpu" } },
        // The API server itself adds what the RuntimeClass says that it costs.
        spec: { nodeName: "kwok-1", runtimeClassName: "gvisor", overhead: { memory: "16Mi" } },
      }),
    );
    expect(await nodesOf(other.id)).toEqual(["kwok-0", "kwok-0"]);
    for (const { spec, metadata } of await podsOf(other.id)) {
      expect(spec.runtimeClassName).toBeUndefined();
      expect(metadata.labels).not.toHaveProperty(PLACEMENT_LABEL);
    }
    await fleet.client.warmPools.update(placed.id, { min_ready: 0, max_ready: 0 });
    await expect.poll(() => podsOf(placed.id), soon).toEqual([]);
    await claim(fleet, placed.id, "prefer");
    const cold = (await fleet.pods(`,!${POOL_LABEL},${GUEST_LABEL}`)) as unknown as Placed[];
    expect(cold).toMatchObject([{ spec: { nodeName: "kwok-1", runtimeClassName: "gvisor" } }]);
  });

  it("are refused by name when there is none, and for a size that none of their nodes has", async () => {
    await expect(poolOf("gpus")).rejects.toMatchObject({ status: 400, message: /"gpus".*gpu, plain, small/ });
    const pool = await poolOf("plain", { min: 0 });
    const update = (placement: string, memory_mb: number) =>
      fleet.client.warmPools.update(pool.id, { ...labelsOf(placement), resources: { ...SIZE, memory_mb } });
    await expect(update("gpus", 32)).rejects.toMatchObject({ status: 400, message: /"gpus"/ });
    await expect(update("small", 129)).rejects.toMatchObject({ status: 400, message: /129 MiB.*128 MiB/ });
    await update("plain", 129);
    // Its size alone would fit where it is; its new nodes are too small for it.
    const moved = fleet.client.warmPools.update(pool.id, labelsOf("small"));
    await expect(moved).rejects.toMatchObject({ status: 400, message: /129 MiB/ });
  });

  it("are changed by a roll-out, whether the pool's label or the file says another, and the pool is never empty for it", async () => {
    const pool = await poolOf("plain");
    let least = Infinity;
    const untilOn = async (node: string, generation: number) => {
      await expect
        .poll(async () => {
          const now = await fleet.client.warmPools.get(pool.id);
          least = Math.min(least, now.status.ready);
          return [now.rollout_generation, now.status.warming, await nodesOf(pool.id)];
        }, soon)
        .toEqual([generation, 0, [node, node]]);
    };
    await untilOn("kwok-0", 1);
    await fleet.client.warmPools.update(pool.id, labelsOf("gpu"));
    await untilOn("kwok-1", 2);
    define({ ...PLACEMENTS, gpu: { ...PLACEMENTS.plain, allowEgress: GPU.allowEgress } });
    await restart();
    await untilOn("kwok-0", 3);
    expect(least).toBeGreaterThan(0);
    const members = (await podsOf(pool.id)).map(({ metadata }) => metadata.name).toSorted();
    // What machines may reach is changed under them.
    define({ ...PLACEMENTS, gpu: { allowEgress: ["10.9.0.0/16"] } });
    await restart();
    await expect.poll(async () => JSON.stringify(await policies()), soon).toContain("10.9.0.0/16");
    await fleet.client.warmPools.reconcile(pool.id);
    expect((await podsOf(pool.id)).map(({ metadata }) => metadata.name).toSorted()).toEqual(members);
  });

  it("have a policy of their own, which claimed machines keep; one that is gone costs nothing that lives, and starts nothing elsewhere", async () => {
    const pool = await poolOf("gpu");
    const [policy] = await policies();
    expect(policy?.spec).toMatchObject({ egress: [{ to: [{ ipBlock: { cidr: "10.8.0.0/16" } }] }] });
    const selector = Object.entries(policy?.spec.podSelector.matchLabels ?? {}).map((pair) => pair.join("="));
    const selected = async () =>
      (await kubectl(["get", "pods", "-l", selector.join(), "-o", "name"])).trim().split("\n");
    expect(await selected()).toHaveLength(2);
    const first = await claim(fleet, pool.id, "require");
    await fleet.client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
    expect(await selected()).toHaveLength(3);

    define({ plain: {} });
    await restart();
    await expect
      .poll(async () => fleet.client.warmPools.get(pool.id), soon)
      .toMatchObject({
        degraded_reason: "no_eligible_hosts",
        degraded_message: expect.stringMatching(/"gpu" is not defined.*--placements/),
        status: { ready: 2 },
      });
    const second = await claim(fleet, pool.id, "require");
    await fleet.client.warmPools.reconcile(pool.id);
    expect(await selected()).toHaveLength(3);
    await expect(claim(fleet, pool.id, "prefer")).resolves.toMatchObject({ status: "running" });
    await expect(claim(fleet, pool.id, "prefer")).rejects.toMatchObject({ message: /"gpu" is not defined/ });
    expect(await fleet.pods(`,${GUEST_LABEL}`)).toHaveLength(3);
    expect(await policies()).toHaveLength(1);

    define(PLACEMENTS);
    await restart();
    await fleet.client.warmPools.waitUntilReady(pool.id, { minReady: 2, intervalMs: 100 });
    expect((await fleet.client.warmPools.get(pool.id)).degraded_reason).toBeUndefined();

    await fleet.client.warmPools.delete(pool.id);
    for (const { id } of (await fleet.client.machines.list()).items) await fleet.client.machines.delete(id);
    expect([first.id, second.id]).not.toContain(undefined);
    await expect.poll(async () => fleet.pods(), soon).toEqual([]);
    define({});
    await restart();
    await expect.poll(policies, soon).toEqual([]);
  });

  describe("are looked at by doctor", () => {
    /** What doctor says of a data folder. */
    async function doctor(data: string, kubeconfig: string, more: readonly string[] = []) {
      const script = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
      const builder = [
        "--builder",
        "buildkit",
        "--builder-address",
        "tcp://127.0.0.1:1",
        "--registry",
        "127.0.0.1:1/none",
      ];
      const machines = ["--machines", "kubernetes", "--kubeconfig", kubeconfig, "--namespace", "default"];
      const args = [
        "--conditions=nullspace-source",
        script,
        "doctor",
        "--json",
        "--data",
        data,
        ...builder,
        ...machines,
      ];
      const { stdout } = await promisify(execFile)(process.execPath, [...args, ...more]).catch(
        // It ends with 1, as there is no builder.
        (error: unknown) => error as { stdout: string },
      );
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; message: string }[] };
      return (name: string) =>
        checks.filter((check) => check.name === name).map((check) => `${check.status} ${check.message}`);
    }

    it("with the nodes and the RuntimeClass of each, or that they may not be looked at", async () => {
      define({ ...PLACEMENTS, kata: { runtimeClassName: "kata" }, nowhere: { nodeSelector: { accelerator: "h100" } } });
      const found = await doctor(join(cluster.folder, "none"), cluster.kubeconfig, ["--placements", file]);
      expect(found("nodes")).toEqual([
        expect.stringMatching(/^ok machines of no placement: 1 of 3 nodes/),
        expect.stringMatching(/^ok placement gpu: 1 of 1 nodes.*by RuntimeClass gvisor$/),
        expect.stringMatching(/^ok placement plain: 1 of 3/),
        expect.stringMatching(/^warn placement small: 0 of 1/),
        expect.stringMatching(/^fail placement kata: the cluster has no RuntimeClass kata/),
        expect.stringMatching(/^warn placement nowhere: 0 of 0/),
      ]);
      const blind = await doctor(join(cluster.folder, "none"), cluster.kubeconfigs.unprivileged, [
        "--placements",
        file,
      ]);
      expect(blind("nodes")[1]).toMatch(
        /^ok placement gpu: nodes may not be looked at, by RuntimeClass gvisor \(which may not/,
      );
      expect(blind("cluster")[0]).toMatch(/^fail .*may not .*list networkpolicies/);
      define({ gpu: { runtimeClass: "gvisor" } });
      const broken = await doctor(join(cluster.folder, "none"), cluster.kubeconfig, ["--placements", file]);
      expect(broken("cluster")[0]).toMatch(/^fail .*did you mean runtimeClassName/s);
    });

    it("with what the service has found out about its network", async () => {
      const path = join(cluster.folder, "data");
      mkdirSync(path);
      expect((await doctor(path, cluster.kubeconfig))("network")[0]).toMatch(/^warn not tried yet/);
      const { promise, resolve } = Promise.withResolvers<NetworkProof>();
      const options = { kubeconfig: cluster.kubeconfig, namespace: "default", nodeSelector: { type: "none-such" } };
      // No node takes the pods of the probe, which gives up after a minute.
      const machines = await openKubernetesMachines(options, "test-doctor", "registry.test/busybox", resolve);
      try {
        noteNetworkProof({ path }, await promise);
      } finally {
        await machines.close();
      }
      expect((await doctor(path, cluster.kubeconfig))("network")[0]).toMatch(/^warn not proved, at 2.*after 60 s/);
      const off = await doctor(path, cluster.kubeconfig, ["--network-policy", "none"]);
      expect(off("network")[0]).toMatch(/^ok not tried: .*--network-policy none/);
    });
  });
});
