import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { machineDriverContract } from "../../unit/service/machine-driver-contract.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

describe.skipIf(!HAS_CLUSTER)("on a kubelet", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
  });

  afterAll(async () => cluster?.stop());

  machineDriverContract("Kubernetes", async () => {
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
    const driver = new KubernetesMachineDriver(client, { namespace: "default", instanceId });
    const image = cluster.registry?.busyboxImage ?? "";
    let count = 0;
    return {
      driver,
      imageId: image,
      missingImageId: `${image.split("@")[0]}@sha256:${"0".repeat(64)}`,
      guestId: () => `gst_${instanceId}-${count++}`,
      async [Symbol.asyncDispose]() {
        const options = ["--selector", `${INSTANCE_LABEL}=${instanceId}`, "--now", "--wait=false"];
        await cluster.kubectl(["delete", "pods", ...options]);
        await driver.close();
      },
    };
  });
});
