import { z } from "zod";
import { KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import type { GuestPods } from "./guest-pods.ts";
import { isNodeLost } from "./nodes.ts";
import type { Pod } from "./objects.ts";

/** Where pods are removed. */
export interface RemovalPlace {
  readonly client: KubernetesClient;
  readonly pods: GuestPods;
  readonly namespace: string;
}

/** A node ends a machine within its grace of a second; after so long it is asked whether the node is still there. */
const NODE_LOOK_MS = 15_000;

const Anything = z.looseObject({});

/**
 * Deletes a pod, this one and none that has its name by now, and waits until its node has ended it. One on a node that is
 * lost is forgotten instead: the node ends it when it comes back, and nothing waits for it until then.
 */
export async function removePod(
  { client, pods, namespace }: RemovalPlace,
  pod: Pod,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = pod.metadata;
  await deletePod(client, namespace, pod);
  let askedAtMs = performance.now();
  for (;;) {
    const judge = (now: Pod | undefined): "gone" | Pod | undefined => {
      if (now === undefined || now.metadata.uid !== uid) return "gone";
      return performance.now() - askedAtMs >= NODE_LOOK_MS ? now : undefined;
    };
    const seen = await pods.waitFor(name, judge, { signal, againMs: NODE_LOOK_MS });
    if (seen === "gone") return;
    const node = seen.spec.nodeName;
    // One that has no node is deleted at once; a finalizer of somebody else may hold it.
    if (node != null && (await isNodeLost(client, node, signal))) await deletePod(client, namespace, pod, 0);
    askedAtMs = performance.now();
  }
}

/**
 * Deletes a pod, this one and none that has its name by now, and does not wait for its end.
 *
 * @param graceSeconds 0 forgets the pod without asking its node
 */
export async function deletePod(
  client: KubernetesClient,
  namespace: string,
  { metadata }: Pod,
  graceSeconds = 1,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}`;
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds: graceSeconds,
    preconditions: { uid: metadata.uid },
  };
  try {
    await client.json({ method: "DELETE", path, body }, Anything);
  } catch (error) {
    // It is gone, or another one has its name.
    if (!(error instanceof KubernetesError) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}
