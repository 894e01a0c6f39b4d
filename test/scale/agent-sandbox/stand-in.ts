import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_GROUP, SANDBOX_VERSION } from "../../../service/drivers/kubernetes/sandbox-api.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterProcess } from "../cluster/cluster-process.ts";
import { until } from "../cluster/until.ts";
import { SANDBOX_CRD } from "./crds.ts";

const CONTROLLER = fileURLToPath(new URL("controller.ts", import.meta.url));
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TIMEOUT_MS = 60_000;

/** What stands in for agent-sandbox on a cluster. */
export interface SandboxStandIn extends AsyncDisposable {
  readonly controller: ClusterProcess;
  /** Has the cluster serve Sandboxes. */
  install(): Promise<void>;
  /** Takes the definition away, and with it every Sandbox. */
  uninstall(): Promise<void>;
}

/**
 * Has a cluster serve Sandboxes, and a controller of ours make their pods. Neither is agent-sandbox, which is not available here:
 * see `crds.ts` and `controller.ts` for what they have in common with it.
 */
export async function startSandboxStandIn(cluster: Cluster): Promise<SandboxStandIn> {
  const folder = join(cluster.folder, "agent-sandbox-stand-in");
  await mkdir(folder);
  const controller = new ClusterProcess(folder, {
    name: "sandbox-controller",
    command: process.execPath,
    args: ["--conditions=nullspace-source", CONTROLLER, cluster.kubeconfig],
  });
  const list = `/apis/${SANDBOX_GROUP}/${SANDBOX_VERSION}/sandboxes`;
  const standIn: SandboxStandIn = {
    controller,
    async install() {
      await cluster.api.create(DEFINITIONS, SANDBOX_CRD);
      await until("Sandboxes to be served", TIMEOUT_MS, async () => (await cluster.api.try(list))?.status === 200);
    },
    async uninstall() {
      await cluster.kubectl(["delete", "crd", SANDBOX_CRD.metadata.name, "--wait=false"]);
      await until("Sandboxes to be gone", TIMEOUT_MS, async () => (await cluster.api.try(list))?.status === 404);
    },
    [Symbol.asyncDispose]: () => controller.kill(),
  };
  await standIn.install();
  await controller.start();
  return standIn;
}
