import { z } from "zod";
import type { GuestSpec } from "../../fleet/guests/machine-driver.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { Pod, ResourceQuota } from "./objects.ts";
import { readQuantity } from "./quantity.ts";
import { millicores, podObject, type PodSettings } from "./pod-object.ts";
import { refused } from "./start-verdict.ts";

const AccessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

/**
 * Makes the pod of a guest.
 *
 * @returns `undefined` when there is one of this name
 * @throws MachineRefusedError in words of the contract; the client's errors
 */
export async function createPod(
  client: KubernetesClient,
  spec: GuestSpec,
  settings: PodSettings,
): Promise<Pod | undefined> {
  const { namespace } = settings;
  const body = podObject(spec, settings);
  try {
    // Not cut off: what was asked of the server is known to be done or not, or the server is away.
    return await client.json({ method: "POST", path: `/api/v1/namespaces/${namespace}/pods`, body }, Pod);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.reason === "AlreadyExists") return undefined;
    throw await explainRefusal(client, spec, settings, error);
  }
}

async function explainRefusal(
  client: KubernetesClient,
  spec: GuestSpec,
  settings: PodSettings,
  error: KubernetesError,
): Promise<Error> {
  const { namespace } = settings;
  const { said, status, causes } = error;
  if (status === 404) {
    const reason = `there is no namespace "${namespace}" (create it, or choose another with --namespace): ${said}`;
    return refused(reason, { mayPass: true, cause: error });
  }
  if (status === 400 || status === 422) return refused(said, { isImpossible: true, cause: error });
  if (status !== 403) return error;
  if (causes.includes("NamespaceTerminating")) return refused(said, { mayPass: true, cause: error });
  // Without the permission it is the way to the cluster that is wrong.
  if (!(await mayCreatePods(client, namespace))) return error;
  const isQuota = (await fullQuotas(client, spec, settings)).length > 0;
  return refused(said, { mayPass: isQuota, isQuota, cause: error });
}

/** The server calls every refusal of its admission Forbidden, as it does a lack of permissions: so it is asked. */
export async function mayCreatePods(client: KubernetesClient, namespace: string): Promise<boolean> {
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: { namespace, verb: "create", resource: "pods" } },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  return (await client.json({ method: "POST", path, body }, AccessReview)).status.allowed;
}

/** Names of quotas that the pod of a guest would exceed; none where they may not be read. */
async function fullQuotas(client: KubernetesClient, spec: GuestSpec, settings: PodSettings): Promise<string[]> {
  const path = `/api/v1/namespaces/${settings.namespace}/resourcequotas`;
  try {
    const { objects } = await listAll(client, { path, object: ResourceQuota });
    const wanted = wantedOf(spec, settings);
    return objects.flatMap(({ metadata, status }) => {
      const isFull = Object.entries(status?.hard ?? {}).some(
        ([name, hard]) => readQuantity(status?.used?.[name] ?? 0) + (wanted[name] ?? 0) > readQuantity(hard),
      );
      return isFull ? [metadata.name] : [];
    });
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return [];
    throw error;
  }
}

/** What a quota counts of a guest. */
function wantedOf({ vcpus, memoryMb, diskMb = 0 }: GuestSpec, settings: PodSettings): Readonly<Record<string, number>> {
  const sizes = { cpu: vcpus, memory: memoryMb * 2 ** 20, "ephemeral-storage": diskMb * 2 ** 20 };
  const named = Object.entries(sizes).flatMap(([name, size]) => [
    [name, size] as const,
    [`requests.${name}`, size] as const,
    [`limits.${name}`, size] as const,
  ]);
  const cpu = millicores(vcpus, settings) / 1000;
  return { pods: 1, "count/pods": 1, ...Object.fromEntries(named), cpu, "requests.cpu": cpu };
}
