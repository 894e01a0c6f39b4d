import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { followList } from "../../../service/drivers/kubernetes/client/follow-list.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { GUEST_LABEL, NETWORK_LABEL, podName, PROBE_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { Isolation, type IsolationPlace } from "../../../service/drivers/kubernetes/isolation.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import type { GuestSpec } from "../../../service/fleet/guests/machine-driver.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { traceNames } from "../cluster/node-traces.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

const Addressed = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  status: z.looseObject({ podIP: z.string().nullish() }),
});

describe.skipIf(!HAS_CLUSTER)("whether a network keeps machines apart", () => {
  let cluster: Cluster;
  const drivers: KubernetesMachineDriver[] = [];
  let count = 0;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
  });
  afterAll(async () => {
    for (const driver of drivers) await driver.close();
    await cluster?.stop();
  });

  async function open(more: Partial<IsolationPlace> = {}) {
    const client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const settings = { namespace: "default", instanceId, cpuOvercommit: 20 };
    const image = cluster.registry?.busyboxImage ?? "";
    let isolation: Isolation | undefined;
    const driver = new KubernetesMachineDriver(client, settings, {}, (pods) => {
      return (isolation = new Isolation({ client, pods, settings, image, ...more }));
    });
    drivers.push(driver);
    return { driver, isolation: isolation! };
  }

  const signal = () => AbortSignal.timeout(120_000);
  const closedSpec = (): GuestSpec => ({
    guestId: `gst_closed${(count += 1)}`,
    artifact: { templateId: "tmpl_closed", imageId: cluster.registry?.busyboxImage ?? "", env: {} },
    vcpus: 1,
    memoryMb: 64,
    internetAccess: false,
  });
  const probePods = async () => (await cluster.kubectl(["get", "pods", "-l", PROBE_LABEL, "-o", "name"])).stdout;

  it("is denied of one that takes policies and does nothing about them, and no machine is promised what it would not have", async () => {
    const { driver, isolation } = await open();
    expect(await isolation.probe(signal())).toMatchObject({ state: "unenforced" });
    expect(driver.capabilities).toMatchObject({ isolates: false, whyNotIsolated: expect.stringContaining("enforce") });
    const spec = closedSpec();
    await expect(driver.start(spec)).rejects.toThrow(/does not enforce NetworkPolicies/);
    expect((await cluster.kubectl(["get", "pod", podName(spec.guestId)])).stderr).toContain("NotFound");
    expect(await probePods()).toBe("");
  });

  it("is proved of one that connects nobody but who may, is looked at again, and denied when it is so no more", async () => {
    const { driver, isolation } = await open();
    const spec = closedSpec();
    {
      await using _enforcer = await enforceOnBridge(cluster);
      expect(await isolation.probe(signal())).toEqual({ state: "enforced" });
      expect(driver.capabilities.isolates).toBe(true);
      await driver.start(spec);
      expect(await driver.address(spec.guestId)).toBeUndefined();
      // The policy that holds it is there, in the cluster's own words, and selects it.
      const { stdout } = await cluster.kubectl(["get", "networkpolicies", "-o", "json"]);
      const { items } = JSON.parse(stdout) as { items: Policy[] };
      const own = await cluster.kubectl(["get", "pod", podName(spec.guestId), "-o", "json"]);
      const { labels } = (JSON.parse(own.stdout) as { metadata: { labels: Record<string, string> } }).metadata;
      const selecting = items.filter(({ spec: { podSelector } }) =>
        Object.entries(podSelector.matchLabels).every(([key, value]) => labels[key] === value),
      );
      expect(selecting.map(({ spec: { policyTypes, egress, ingress } }) => [policyTypes, egress, ingress])).toEqual([
        [["Ingress", "Egress"], undefined, undefined],
      ]);
    }
    expect(await isolation.probe(signal())).toMatchObject({ state: "unenforced" });
    await expect(driver.start(closedSpec())).rejects.toThrow(/does not enforce/);
    await driver.remove(spec.guestId);
  });

  it("stays unproved where it cannot be tried, and it is said why", async () => {
    const { isolation: toolless } = await open({ image: cluster.registry?.pauseImage ?? "" });
    expect(await toolless.probe(signal())).toMatchObject({ state: "unproven" });
    const { isolation: absent } = await open({ image: `${cluster.registry?.host}/none:1`, podMs: 4_000 });
    expect(await absent.probe(signal())).toMatchObject({ reason: expect.stringContaining("--probe-image") });
    await using _enforcer = await enforceOnBridge(cluster, "nobody");
    const { isolation: cutOff } = await open({ podMs: 60_000 });
    expect(await cutOff.probe(signal())).toMatchObject({ state: "unproven", reason: /do not reach one another/ });
    expect(await probePods()).toBe("");
  });
});

interface Policy {
  spec: {
    podSelector: { matchLabels: Record<string, string> };
    policyTypes: string[];
    ingress?: object[];
    egress?: object[];
  };
}

/**
 * A network that connects no two pods of the node's bridge but those that may reach one another by the policies of the probe: what
 * a network plugin that knows policies does, by the firewall of this machine.
 */
async function enforceOnBridge(cluster: Cluster, allowed = "control"): Promise<AsyncDisposable> {
  const { bridge } = traceNames(cluster.folder);
  const rules: string[][] = [];
  const firewall = (action: "-I" | "-D", rule: string[]) =>
    promisify(execFile)("iptables", ["-w", action, "FORWARD", "-i", bridge, "-o", bridge, ...rule]);
  const add = async (rule: string[]) => {
    await firewall("-I", rule);
    rules.push(rule);
  };
  await add(["-j", "DROP"]);
  const client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
  const stop = new AbortController();
  const query = { labelSelector: `${PROBE_LABEL}=${allowed},!${NETWORK_LABEL},!${GUEST_LABEL}` };
  const path = "/api/v1/namespaces/default/pods";
  const following = (async () => {
    const known = new Set<string>();
    for await (const event of followList(client, { path, query, object: Addressed, signal: stop.signal })) {
      const address = event.kind === "changed" ? event.object.status.podIP : undefined;
      if (address == null || known.has(address)) continue;
      known.add(address);
      await add(["-s", address, "-j", "ACCEPT"]);
      await add(["-d", address, "-j", "ACCEPT"]);
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
      for (const rule of rules.toReversed()) await firewall("-D", rule);
      await client.close();
    },
  };
}
