import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { followList } from "../../../service/drivers/kubernetes/client/follow-list.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { PULL_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import type { PodSettings } from "../../../service/drivers/kubernetes/pod-object.ts";
import type { StartPatience } from "../../../service/drivers/kubernetes/start-verdict.ts";
import { classifyFailure } from "../../../service/fleet/guests/start-failure.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { succeedingKubectl } from "../cluster/succeeding-kubectl.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

const ARTIFACT = {
  templateId: "tmpl_ahead",
  imageId: `registry.test/machines@sha256:${"2".repeat(64)}`,
  env: {},
  startCmd: "never",
};

const Placed = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ nodeName: z.string() }),
});

describe.skipIf(!HAS_CLUSTER)("images that are pulled ahead (skipped where set-up has not built Kubernetes)", () => {
  let cluster: Cluster;
  let client: KubernetesClient;
  const drivers: KubernetesMachineDriver[] = [];
  const stop = new AbortController();
  /** Where each pod that pulled an image was, as the server told it. */
  const pulledOn: string[] = [];
  const soon = { timeout: 20_000 };

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
    const options = { path: "/api/v1/pods", query: { labelSelector: PULL_LABEL }, object: Placed, signal: stop.signal };
    const told = Promise.withResolvers<void>();
    void (async () => {
      const seen = new Set<string>();
      for await (const event of followList(client, options)) {
        told.resolve();
        if (event.kind !== "changed" || seen.has(event.object.metadata.name)) continue;
        seen.add(event.object.metadata.name);
        pulledOn.push(event.object.spec.nodeName);
      }
    })();
    await told.promise;
    // The controllers take the taint of a new node away a moment after it is ready.
    const taints = () => kubectl(["get", "nodes", "-o", "jsonpath={.items[*].spec.taints}"]);
    await vi.waitFor(async () => expect(await taints()).toBe(""), { timeout: 20_000, interval: 100 });
  });

  afterEach(async () => {
    await expect.poll(() => pullPods(), soon).toBe("");
    pulledOn.length = 0;
  });

  afterAll(async () => {
    stop.abort();
    for (const driver of drivers) await driver.close();
    await client?.close();
    await cluster?.stop();
  });

  async function open(
    settings: Partial<PodSettings> = {},
    patience: Partial<StartPatience> = {},
    kubeconfig = cluster.kubeconfig,
  ) {
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const opened = new KubernetesClient(await findCluster({ kubeconfig }));
    const driver = new KubernetesMachineDriver(opened, { namespace: "default", instanceId, ...settings }, patience);
    drivers.push(driver);
    return { driver, instanceId };
  }

  const kubectl = (args: readonly string[], input?: string) => succeedingKubectl(cluster, args, input);
  const pullPods = async () => kubectl(["get", "pods", "-A", "-l", PULL_LABEL, "-o", "name"]);
  const signal = () => AbortSignal.timeout(60_000);

  /** A node that nobody speaks for; the cluster takes it to be ready for the next forty seconds. */
  async function deafNode(name: string, spec: object = {}, images: readonly string[] = []): Promise<void> {
    const labels = { deaf: name };
    await cluster.api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec });
    const status = {
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "" }],
      images: images.map((image) => ({ names: [image], sizeBytes: 1 })),
    };
    await kubectl(["patch", "node", name, "--subresource=status", "-p", JSON.stringify({ status })]);
    // The controllers taint a node until they have seen it to be ready.
    const taints = ["get", "node", name, "-o", "jsonpath={.spec.taints[*].key}"];
    await expect.poll(() => kubectl(taints), soon).not.toContain("not-ready");
  }

  it("are pulled once by each node that machines may start on, by pods that are gone when it is done", async () => {
    const { driver } = await open();
    expect(await driver.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
    expect(await pullPods()).toBe("");
    await expect.poll(() => pulledOn.toSorted(), soon).toEqual(["kwok-0", "kwok-1"]);
    expect(await driver.list()).toEqual([]);
  });

  it("are pulled by the nodes of the placement that the machines will have, as its pods are", async () => {
    await kubectl(["label", "node", "kwok-1", "accelerator=l4"]);
    await kubectl(["taint", "node", "kwok-1", "accelerator=l4:NoSchedule"]);
    try {
      const tolerations = [{ key: "accelerator", operator: "Exists" } as const];
      const gpu = { nodeSelector: { accelerator: "l4" }, tolerations };
      const { driver } = await open({ placements: new Map([["gpu", gpu]]) });
      expect(await driver.prepare(ARTIFACT, signal(), "gpu")).toEqual({ skipped: [] });
      await expect.poll(() => pulledOn, soon).toEqual(["kwok-1"]);
      expect(await driver.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
      await expect.poll(() => pulledOn, soon).toEqual(["kwok-1", "kwok-0"]);
      const unknown = driver.prepare(ARTIFACT, signal(), "tpu");
      await expect(unknown).rejects.toMatchObject({ code: "machine_refused", message: /"tpu" is not defined/ });
    } finally {
      await kubectl(["taint", "node", "kwok-1", "accelerator-"]);
      await kubectl(["label", "node", "kwok-1", "accelerator-"]);
    }
  });

  it("are not waited for on nodes that are cordoned, tainted, not ready, or have them; nor where they do not belong", async () => {
    await kubectl(["cordon", "kwok-1"]);
    await kubectl(["taint", "node", "kwok-0", "dedicated=others:NoSchedule"]);
    await cluster.api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "never-ready" } });
    await deafNode("has-it", {}, [ARTIFACT.imageId]);
    try {
      const { driver } = await open();
      expect(await driver.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
      const { driver: elsewhere } = await open({ nodeSelector: { type: "none-such" } });
      expect(await elsewhere.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
      const { driver: off } = await open({ pullsAhead: false, tolerations: [{ operator: "Exists" }] });
      expect(await off.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
      const tolerations = [{ key: "dedicated", operator: "Equal", value: "others" } as const];
      const { driver: tolerant } = await open({ tolerations });
      expect(await tolerant.prepare(ARTIFACT, signal())).toEqual({ skipped: [] });
      await expect.poll(() => pulledOn, soon).toEqual(["kwok-0"]);
    } finally {
      await kubectl(["delete", "node", "never-ready", "has-it"]);
      await kubectl(["taint", "node", "kwok-0", "dedicated-"]);
      await kubectl(["uncordon", "kwok-1"]);
    }
  });

  it("are an artifact that is not ready where a node does not pull them in time, and no longer waited for once it is cordoned", async () => {
    await deafNode("deaf");
    try {
      const nodeSelector = { deaf: "deaf" };
      const { driver: hasty } = await open({ nodeSelector }, { aheadMs: 1_000 });
      const error = await hasty.prepare(ARTIFACT, signal()).then(
        () => expect.fail("it was pulled"),
        (thrown: unknown) => thrown as Error,
      );
      expect(classifyFailure(error)).toMatchObject({ reason: "artifact_not_ready", engineAway: false });
      expect(error.message).toContain("was not pulled by node deaf within 1 s");
      const { driver } = await open({ nodeSelector });
      const preparing = driver.prepare(ARTIFACT, signal());
      await expect.poll(pullPods, soon).not.toBe("");
      await kubectl(["cordon", "deaf"]);
      expect(await preparing).toEqual({ skipped: [expect.stringMatching(/^on deaf: .*no machines any more/)] });
    } finally {
      await kubectl(["delete", "node", "deaf"]);
    }
  });

  it("leave no pod behind when they are given up, nor after a service that was killed", async () => {
    await deafNode("slow");
    try {
      const { driver, instanceId } = await open({ nodeSelector: { deaf: "slow" } });
      const given = new AbortController();
      const preparing = driver.prepare(ARTIFACT, given.signal);
      await expect.poll(pullPods, soon).not.toBe("");
      given.abort(new Error("not wanted"));
      await expect(preparing).rejects.toThrow("not wanted");
      expect(await pullPods()).toBe("");

      const labels = (instance: string) => `--labels=${INSTANCE_LABEL}=${instance},${PULL_LABEL}=image`;
      await kubectl(["run", "left", "--image=none", labels(instanceId), "--overrides", nodeNamed("slow")]);
      await kubectl(["run", "others", "--image=none", labels("somebody-else"), "--overrides", nodeNamed("slow")]);
      // The same service, started again.
      const again = new KubernetesMachineDriver(client, { namespace: "default", instanceId });
      expect(await again.list()).toEqual([]);
      expect(await pullPods()).toBe("pod/others\n");
    } finally {
      await kubectl(["delete", "pod", "others", "--force", "--ignore-not-found"]);
      await kubectl(["delete", "node", "slow"]);
    }
  });

  it("hold nothing up where the service may not see nodes, or the namespace takes no more pods", async () => {
    await kubectl(["create", "namespace", "full"]);
    await kubectl(["create", "quota", "none", "--hard=pods=0", "--namespace=full"]);
    await expect
      .poll(() => kubectl(["get", "quota", "none", "-n", "full", "-o", "jsonpath={.status.hard.pods}"]), soon)
      .toBe("0");
    const { driver } = await open({ namespace: "full" });
    const { skipped } = await driver.prepare(ARTIFACT, signal());
    expect(skipped).toEqual([expect.stringMatching(/^on kwok-\d, kwok-\d: .*exceeded quota/)]);

    const role = ["--verb=create,delete,get,list,watch", "--resource=pods", "--namespace=full"];
    await kubectl(["create", "role", "machines", ...role]);
    await kubectl(["create", "rolebinding", "machines", "--role=machines", "--user=nullspace", "--namespace=full"]);
    const { driver: blind } = await open({ namespace: "full" }, {}, cluster.kubeconfigs.unprivileged);
    expect(await blind.prepare(ARTIFACT, signal())).toEqual({ skipped: [expect.stringContaining("list nodes")] });
  });

  it("cannot be images of an engine, which no node could pull", async () => {
    const { driver } = await open();
    const preparing = driver.prepare({ ...ARTIFACT, imageId: `sha256:${"3".repeat(64)}` }, signal());
    await expect(preparing).rejects.toMatchObject({ code: "machine_image_missing" });
  });
});

function nodeNamed(nodeName: string): string {
  return JSON.stringify({ spec: { nodeName } });
}
