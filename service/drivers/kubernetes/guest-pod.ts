import type { Pod, Sandbox } from "./objects.ts";
import { POD_ANNOTATION, SANDBOX_GROUP } from "./sandbox-api.ts";

/** A guest as the pod that it is. Its uid is that of what was made: the Sandbox, or the bare pod. */
export interface GuestPod extends Pod {
  /** uid of the pod itself; absent while there is none that is the guest. */
  readonly podUid?: string | undefined;
  /** uid of the pod that has to go with the guest: its own, or the one that was made in its place. */
  readonly ownedUid?: string | undefined;
  /** uid of the pod with which it has begun and which is not there: it has gone, or has not been told of yet. */
  readonly absentUid?: string | undefined;
  /** The Sandbox that makes the pod; absent for a bare pod, and for one whose Sandbox has gone. */
  readonly sandbox?: Sandbox | undefined;
}

/** uid of the Sandbox that a pod belongs to. */
export function sandboxOwner({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(
    ({ apiVersion, kind, controller }) =>
      controller === true && kind === "Sandbox" && apiVersion.split("/")[0] === SANDBOX_GROUP,
  )?.uid;
}

/**
 * The guest that a Sandbox and a pod of one name are, either of which may be missing. Everything else judges it as it judges
 * a pod.
 *
 * A Sandbox outlives its pod: agent-sandbox makes another when it is deleted, which has nothing of what the guest held. So the
 * guest is the one pod with which it has begun ({@link POD_ANNOTATION}), and is dead without it.
 */
export function guestPod(sandbox: Sandbox | undefined, pod: Pod | undefined): GuestPod | undefined {
  const owner = pod && sandboxOwner(pod);
  if (sandbox === undefined) {
    if (pod === undefined) return undefined;
    if (owner === undefined) return { ...pod, podUid: pod.metadata.uid, ownedUid: pod.metadata.uid };
    // The cluster's garbage collector takes it away.
    const { uid, deletionTimestamp } = pod.metadata;
    const metadata = { ...pod.metadata, uid: owner, deletionTimestamp: deletionTimestamp ?? "with its Sandbox" };
    return { ...pod, metadata, podUid: uid, ownedUid: uid };
  }
  const { uid, name, labels, annotations, deletionTimestamp } = sandbox.metadata;
  const begunWith = annotations?.[POD_ANNOTATION];
  const owned = owner === uid ? pod : undefined;
  const own = begunWith === undefined || begunWith === owned?.metadata.uid ? owned : undefined;
  const ownedUid = owned?.metadata.uid;
  const metadata = {
    name,
    uid,
    labels,
    annotations: { ...annotations, ...own?.metadata.annotations },
    deletionTimestamp: deletionTimestamp ?? own?.metadata.deletionTimestamp,
  };
  if (own !== undefined) return { ...own, metadata, podUid: ownedUid, ownedUid, sandbox };
  const status =
    begunWith === undefined ? { phase: "Pending" } : { phase: "Failed", reason: "PodLost", message: lost(sandbox) };
  return { metadata, spec: { nodeName: owned?.spec.nodeName }, status, ownedUid, absentUid: begunWith, sandbox };
}

/** Whether it is a pod of a Sandbox that is not there: it has gone, or has not been told of yet. */
export function isOrphan({ metadata, sandbox, podUid }: GuestPod): boolean {
  return sandbox === undefined && podUid !== metadata.uid;
}

function lost({ spec }: Sandbox): string {
  if (isSuspended(spec)) return "its Sandbox was suspended, which ends its pod";
  return "its pod was deleted; what agent-sandbox makes in its place has nothing of it";
}

export function isSuspended({ operatingMode }: Sandbox["spec"]): boolean {
  return operatingMode === "Suspended";
}
