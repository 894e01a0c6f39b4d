import type { MachineRefusedError } from "../../fleet/guests/driver-errors.ts";
import { KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { SANDBOXES } from "./guest-kinds.ts";
import type { GuestPod } from "./guest-pod.ts";
import { Sandbox } from "./objects.ts";
import { POD_ANNOTATION } from "./sandbox-api.ts";
import { refused } from "./start-verdict.ts";

/**
 * Writes down that a guest has begun with the pod that it has now: from here on no other pod of its Sandbox is the guest. The
 * first write stands, whoever wrote it.
 *
 * @returns why not, when the guest has begun with another pod or its Sandbox is gone
 * @throws the client's errors
 */
export async function beginWithPod(
  client: KubernetesClient,
  namespace: string,
  { sandbox, podUid }: GuestPod,
  signal: AbortSignal,
): Promise<MachineRefusedError | undefined> {
  if (sandbox === undefined || podUid === undefined) return undefined;
  const path = `${SANDBOXES.path(namespace)}/${sandbox.metadata.name}`;
  const { uid } = sandbox.metadata;
  let now: Sandbox = sandbox;
  for (;;) {
    const begunWith = now.metadata.annotations?.[POD_ANNOTATION];
    if (begunWith === podUid && now.metadata.uid === uid) return undefined;
    if (begunWith !== undefined || now.metadata.uid !== uid) return refused("its pod was deleted", { mayPass: true });
    const { resourceVersion } = now.metadata;
    // Refused when anything about the Sandbox has changed since it was read, as its controller writes, too.
    const body = { metadata: { uid, resourceVersion, annotations: { [POD_ANNOTATION]: podUid } } };
    try {
      await client.json({ method: "PATCH", path, body, contentType: "application/merge-patch+json" }, Sandbox);
      return undefined;
    } catch (error) {
      if (isGone(error)) return refused("its Sandbox was deleted", { mayPass: true, cause: error });
      if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
    }
    signal.throwIfAborted();
    try {
      now = await client.json({ method: "GET", path, signal }, Sandbox);
    } catch (error) {
      if (isGone(error)) return refused("its Sandbox was deleted", { mayPass: true, cause: error });
      throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 404;
}
