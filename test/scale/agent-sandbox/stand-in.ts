import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SANDBOX_GROUP, SANDBOX_VERSION } from "../../../service/drivers/kubernetes/sandbox-api.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { ClusterProcess } from "../cluster/cluster-process.ts";
import { until } from "../cluster/until.ts";
import { EXTENSION_CRDS, SANDBOX_CRD } from "./crds.ts";

const CONTROLLER = fileURLToPath(new URL("controller.ts", import.meta.url));
const EXTENSIONS_CONTROLLER = fileURLToPath(new URL("extensions-controller.ts", import.meta.url));
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TIMEOUT_MS = 60_000;

/** What stands in for agent-sandbox on a cluster. */
export interface SandboxStandIn extends AsyncDisposable {
  readonly controller: ClusterProcess;
  /** What keeps warm pools and serves claims; runs where the extensions are wanted. */
  readonly extensions: ClusterProcess;
  /** Has the cluster serve Sandboxes. */
  install(): Promise<void>;
  /** Takes the definition away, and with it every Sandbox. */
  uninstall(): Promise<void>;
  /** Has the cluster serve templates, warm pools and claims. */
  installExtensions(): Promise<void>;
  /** Takes their definitions away, and with them every such object. */
  uninstallExtensions(): Promise<void>;
}

/**
 * Has a cluster serve Sandboxes, and a controller of ours make their pods. Neither is agent-sandbox, which is not available here:
 * see `crds.ts`, `controller.ts` and `extensions-controller.ts` for what they have in common with it.
 *
 * @param options.extensions with warm pools and claims. @default false
 */
export async function startSandboxStandIn(
  cluster: Cluster,
  { extensions: hasExtensions = false }: { readonly extensions?: boolean } = {},
): Promise<SandboxStandIn> {
  const folder = join(cluster.folder, "agent-sandbox-stand-in");
  await mkdir(folder);
  const programOf = (name: string, script: string) =>
    new ClusterProcess(folder, {
      name,
      command: process.execPath,
      args: ["--conditions=nullspace-source", script, cluster.kubeconfig],
    });
  const controller = programOf("sandbox-controller", CONTROLLER);
  const extensions = programOf("extensions-controller", EXTENSIONS_CONTROLLER);
  const list = `/apis/${SANDBOX_GROUP}/${SANDBOX_VERSION}/sandboxes`;
  const names = EXTENSION_CRDS.map(({ metadata }) => metadata.name);
  const extensionLists = EXTENSION_CRDS.map(
    ({ spec }) => `/apis/${spec.group}/${SANDBOX_VERSION}/${spec.names.plural}`,
  );
  const untilAll = (what: string, status: number) =>
    until(what, TIMEOUT_MS, async () => {
      const answers = await Promise.all(extensionLists.map((path) => cluster.api.try(path)));
      return answers.every((answer) => answer?.status === status);
    });
  const standIn: SandboxStandIn = {
    controller,
    extensions,
    async install() {
      await cluster.api.create(DEFINITIONS, SANDBOX_CRD);
      await until("Sandboxes to be served", TIMEOUT_MS, async () => (await cluster.api.try(list))?.status === 200);
    },
    async uninstall() {
      await cluster.kubectl(["delete", "crd", SANDBOX_CRD.metadata.name, "--wait=false"]);
      await until("Sandboxes to be gone", TIMEOUT_MS, async () => (await cluster.api.try(list))?.status === 404);
    },
    async installExtensions() {
      for (const definition of EXTENSION_CRDS) await cluster.api.create(DEFINITIONS, definition);
      await untilAll("the extensions to be served", 200);
    },
    async uninstallExtensions() {
      await cluster.kubectl(["delete", "crd", ...names, "--wait=false"]);
      await untilAll("the extensions to be gone", 404);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([controller.kill(), extensions.kill()]);
    },
  };
  await standIn.install();
  await controller.start();
  if (hasExtensions) {
    await standIn.installExtensions();
    await extensions.start();
  }
  return standIn;
}
