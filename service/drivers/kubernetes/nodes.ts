import type { HostSize } from "../../fleet/guests/machine-driver.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { Node } from "./objects.ts";
import { readQuantity } from "./quantity.ts";

const MIB = 2 ** 20;

/** Nodes that machines may run on. @returns `undefined` where the service may not see nodes */
export async function machineNodes(
  client: KubernetesClient,
  nodeSelector: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Node[] | undefined> {
  const labelSelector = Object.entries(nodeSelector).map(([key, value]) => `${key}=${value}`);
  try {
    const query = { labelSelector: labelSelector.join(",") || undefined };
    const { objects } = await listAll(client, { path: "/api/v1/nodes", query, object: Node, signal });
    return objects.filter(({ spec }) => spec?.unschedulable !== true);
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return undefined;
    throw error;
  }
}

/** The most that a machine can have, on the largest node. @returns `undefined` while there is none */
export function sizeOfNodes(nodes: readonly Node[]): HostSize | undefined {
  const most = (resource: string) =>
    Math.max(0, ...nodes.map(({ status }) => readQuantity(status?.allocatable?.[resource]) || 0));
  const [vcpus, memory] = [most("cpu"), most("memory")];
  return memory > 0 ? { vcpus, memoryMb: Math.floor(memory / MIB), unbounded: [] } : undefined;
}

/** Whether a node is gone or not heard of: nobody there will say that a pod has ended. */
export async function isNodeLost(client: KubernetesClient, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const { status } = await client.json({ method: "GET", path: `/api/v1/nodes/${name}`, signal }, Node);
    return status?.conditions?.find(({ type }) => type === "Ready")?.status !== "True";
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.status === 404) return true;
    if (error.status === 403) return false;
    throw error;
  }
}
