import { KubernetesError } from "../../drivers/kubernetes/client/errors.ts";
import type { KubernetesClient } from "../../drivers/kubernetes/client/kubernetes-client.ts";
import { machineNodes, takesMachines } from "../../drivers/kubernetes/nodes.ts";
import { RuntimeClass } from "../../drivers/kubernetes/objects.ts";
import { placedSettings } from "../../drivers/kubernetes/placed-settings.ts";
import type { PodSettings } from "../../drivers/kubernetes/pod-object.ts";
import type { Finding } from "./findings.ts";

/** A place where machines run: one of the file, or that of the service. */
export interface PlacementReport {
  /** Absent: that of the service's options. */
  name?: string;
  runtimeClass?: string;
  /** Whether the cluster has the RuntimeClass; absent: there is none to look for, or it may not be looked at. */
  hasRuntimeClass?: boolean;
  /** Nodes with its labels that are not cordoned, and those of them that take machines now; absent: they may not be looked at. */
  nodes?: { matching: number; taking: number };
}

/** Looks whether machines could be started in each place. @throws the client's errors */
export async function inspectPlacements(
  client: KubernetesClient,
  settings: PodSettings,
  signal: AbortSignal,
): Promise<PlacementReport[]> {
  const names = [undefined, ...(settings.placements?.keys() ?? [])];
  return Promise.all(
    names.map(async (name): Promise<PlacementReport> => {
      const { runtimeClass, nodeSelector, tolerations } = placedSettings(settings, name) ?? settings;
      const nodes = await machineNodes(client, nodeSelector, signal);
      const taking = nodes?.filter((node) => takesMachines(node, tolerations)).length;
      const has = runtimeClass === undefined ? undefined : await hasRuntimeClass(client, runtimeClass, signal);
      return {
        ...(name !== undefined && { name }),
        ...(runtimeClass !== undefined && { runtimeClass }),
        ...(has !== undefined && { hasRuntimeClass: has }),
        ...(nodes !== undefined && taking !== undefined && { nodes: { matching: nodes.length, taking } }),
      };
    }),
  );
}

async function hasRuntimeClass(
  client: KubernetesClient,
  name: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    await client.json({ method: "GET", path: `/apis/node.k8s.io/v1/runtimeclasses/${name}`, signal }, RuntimeClass);
    return true;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return false;
    if (error instanceof KubernetesError && error.status === 403) return undefined;
    throw error;
  }
}

/** What is wrong with a place, and what to do. */
export function placementFinding({ name, runtimeClass, hasRuntimeClass, nodes }: PlacementReport): Finding {
  const where = name === undefined ? "machines of no placement" : `placement ${name}`;
  const by = runtimeClass === undefined ? "" : `, by RuntimeClass ${runtimeClass}`;
  if (hasRuntimeClass === false) {
    return {
      name: "nodes",
      status: "fail",
      message: `${where}: the cluster has no RuntimeClass ${runtimeClass}, so it takes no pod of one`,
      advice: "Install what it stands for, or name another.",
      command: "kubectl get runtimeclasses",
    };
  }
  const unseen = runtimeClass !== undefined && hasRuntimeClass === undefined ? " (which may not be looked at)" : "";
  if (nodes === undefined) {
    return { name: "nodes", status: "ok", message: `${where}: nodes may not be looked at${by}${unseen}` };
  }
  const message = `${where}: ${nodes.taking} of ${nodes.matching} nodes with its labels take machines now${by}${unseen}`;
  if (nodes.taking > 0) return { name: "nodes", status: "ok", message };
  const advice =
    nodes.matching === 0
      ? "Label a node, or correct its nodeSelector, unless an autoscaler brings such nodes."
      : "See whether the nodes are ready, and which of their taints it does not tolerate.";
  return { name: "nodes", status: "warn", message, advice, command: "kubectl get nodes --show-labels" };
}
