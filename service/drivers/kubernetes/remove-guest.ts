import * as z from "zod";
import { KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { PODS, SANDBOXES } from "./guest-kinds.ts";
import type { GuestPod } from "./guest-pod.ts";
import type { GuestPods } from "./guest-pods.ts";
import { isNodeLost } from "./nodes.ts";
import type { Pod } from "./objects.ts";

/** Where guests are removed. */
export interface RemovalPlace {
  readonly client: KubernetesClient;
  readonly pods: GuestPods;
  readonly namespace: string;
}

/** A node ends a machine within its grace of a second; after so long it is asked whether the node is still there. */
const NODE_LOOK_MS = 15_000;

const Anything = z.looseObject({});

/**
 * Deletes a guest, this one and none that has its name by now, and waits until its node has ended it. One on a node that is
 * lost is forgotten instead: the node ends it when it comes back, and nothing waits for it until then.
 */
export async function removeGuest(place: RemovalPlace, guest: GuestPod, signal: AbortSignal): Promise<void> {
  const { client, pods, namespace } = place;
  const { name, uid } = guest.metadata;
  // First of all, as it would have another pod made.
  if (guest.sandbox !== undefined) await deleteObject(client, SANDBOXES.path(namespace), name, uid);
  await deleteOwned(place, guest);
  let deleted = guest.ownedUid;
  let askedAtMs = performance.now();
  for (;;) {
    const judge = (now: GuestPod | undefined): "gone" | GuestPod | undefined => {
      if (now === undefined || now.metadata.uid !== uid) return "gone";
      const isOther = now.ownedUid !== undefined && now.ownedUid !== deleted;
      return isOther || performance.now() - askedAtMs >= NODE_LOOK_MS ? now : undefined;
    };
    const seen = await pods.waitFor(name, judge, { signal, againMs: NODE_LOOK_MS });
    if (seen === "gone") return;
    if (seen.ownedUid !== undefined && seen.ownedUid !== deleted) {
      // Made by who had not heard yet that its Sandbox was deleted.
      deleted = seen.ownedUid;
      await deleteOwned(place, seen);
      continue;
    }
    const node = seen.spec.nodeName;
    // One that has no node is deleted at once; a finalizer of somebody else may hold it.
    if (node != null && (await isNodeLost(client, node, signal))) await deleteOwned(place, seen, 0);
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
  await deleteObject(client, PODS.path(namespace), metadata.name, metadata.uid, graceSeconds);
}

async function deleteOwned({ client, namespace }: RemovalPlace, guest: GuestPod, graceSeconds = 1): Promise<void> {
  if (guest.ownedUid === undefined) return;
  await deleteObject(client, PODS.path(namespace), guest.metadata.name, guest.ownedUid, graceSeconds);
}

async function deleteObject(
  client: KubernetesClient,
  path: string,
  name: string,
  uid: string,
  graceSeconds?: number,
): Promise<void> {
  const body = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    preconditions: { uid },
  };
  try {
    await client.json({ method: "DELETE", path: `${path}/${name}`, body }, Anything);
  } catch (error) {
    // It is gone, or another one has its name.
    if (!(error instanceof KubernetesError) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}
