import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { podName } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { machineDriverContract } from "../../unit/service/machine-driver-contract.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

describe.skipIf(!HAS_CLUSTER)("Sandboxes on a kubelet, of a stand-in for agent-sandbox", () => {
  let cluster: Cluster;
  let standIn: SandboxStandIn;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
    standIn = await startSandboxStandIn(cluster);
  });

  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  async function open() {
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
    const driver = new KubernetesMachineDriver(client, { namespace: "default", instanceId, guest: "sandbox" });
    return { driver, instanceId, image: cluster.registry?.busyboxImage ?? "" };
  }

  machineDriverContract("a Sandbox", async () => {
    const { driver, instanceId, image } = await open();
    let count = 0;
    return {
      driver,
      imageId: image,
      missingImageId: `${image.split("@")[0]}@sha256:${"0".repeat(64)}`,
      guestId: () => `gst_${instanceId}-${count++}`,
      async [Symbol.asyncDispose]() {
        const options = ["--selector", `${INSTANCE_LABEL}=${instanceId}`, "--now", "--wait=false"];
        await cluster.kubectl(["delete", "sandboxes,pods", ...options]);
        await driver.close();
      },
    };
  });

  it("is not taken for the machine when its pod is made again, and runs no command for it", async () => {
    const { driver, image } = await open();
    try {
      const guestId = "gst_anew";
      const artifact = { templateId: "tmpl_s", imageId: image, env: {}, startCmd: "echo mine; sleep 600" };
      await driver.start({ guestId, artifact, vcpus: 0.1, memoryMb: 64, internetAccess: true });
      const argv = ["sh", "-c", "cat /mine"];
      await driver.exec(guestId, { argv: ["sh", "-c", "echo here >/mine"], timeoutMs: 20_000 });
      expect(await driver.exec(guestId, { argv, timeoutMs: 20_000 })).toMatchObject({ stdout: "here\n" });
      await expect.poll(() => driver.logs(guestId)).toEqual(["mine"]);
      const uid = async () =>
        (await cluster.kubectl(["get", "pod", podName(guestId), "-o", "jsonpath={.metadata.uid}"])).stdout;
      const before = await uid();
      await cluster.kubectl(["delete", "pod", podName(guestId)]);
      await expect.poll(async () => (await uid()) || before, { timeout: 20_000 }).not.toBe(before);
      await expect(driver.exec(guestId, { argv, timeoutMs: 20_000 })).rejects.toMatchObject({
        code: "guest_not_running",
      });
      expect(await driver.logs(guestId)).toEqual([]);
      expect(await driver.waitExit(guestId)).toMatchObject({ exitCode: 137 });
      await driver.remove(guestId);
      expect((await cluster.kubectl(["get", "sandboxes,pods", "-o", "name"])).stdout).not.toContain(podName(guestId));
    } finally {
      await driver.close();
    }
  });
});
