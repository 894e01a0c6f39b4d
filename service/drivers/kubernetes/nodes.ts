import type { HostSize } from "../../fleet/guests/machine-driver.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { Node, type Taint } from "./objects.ts";
import { readQuantity } from "./quantity.ts";

const MIB = 2 ** 20;

/** A taint that pods bear (`v1.Toleration`). */
export interface PodToleration {
  /** @default any */
  readonly key?: string;
  readonly operator: "Exists" | "Equal";
  readonly value?: string;
  /** @default every effect */
  readonly effect?: string;
}

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

/** Whether machines may be started on a node now: it is heard of, not cordoned, and has no taint that they do not bear. */
export function takesMachines(node: Node, tolerations: readonly PodToleration[] = []): boolean {
  const { metadata, spec } = node;
  const isLinux = (metadata.labels?.["kubernetes.io/os"] ?? "linux") === "linux";
  const keepsOut = (taint: Taint) =>
    (taint.effect === "NoSchedule" || taint.effect === "NoExecute") && !tolerations.some((each) => bears(each, taint));
  return isLinux && isReady(node) && spec?.unschedulable !== true && !spec?.taints?.some(keepsOut);
}

/** As `Toleration.ToleratesTaint` of Kubernetes' API has it. */
function bears({ key, operator, value, effect }: PodToleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key !== undefined && key !== taint.key) return false;
  return operator === "Exists" || (value ?? "") === (taint.value ?? "");
}

/** Whether a node tells of an image; it tells of the largest ones alone. */
export function hasImage({ status }: Node, imageId: string): boolean {
  return status?.images?.some(({ names }) => names?.includes(imageId)) === true;
}

/** @returns `undefined` when there is none */
export async function getNode(client: KubernetesClient, name: string, signal?: AbortSignal): Promise<Node | undefined> {
  try {
    return await client.json({ method: "GET", path: `/api/v1/nodes/${name}`, signal }, Node);
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404) return undefined;
    throw error;
  }
}

/** Whether a node is gone or not heard of: nobody there will say that a pod has ended. */
export async function isNodeLost(client: KubernetesClient, name: string, signal?: AbortSignal): Promise<boolean> {
  try {
    const node = await getNode(client, name, signal);
    return node === undefined || !isReady(node);
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return false;
    throw error;
  }
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}
