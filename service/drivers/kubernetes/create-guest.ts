import type { GuestSpec } from "../../fleet/guests/machine-driver.ts";
import { isKindAbsent } from "./client/absent-kind.ts";
import { KubernetesError } from "./client/errors.ts";
import { listAll } from "./client/follow-list.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { SANDBOXES, type GuestKind } from "./guest-kinds.ts";
import { guestPod, type GuestPod } from "./guest-pod.ts";
import { Pod, ResourceQuota, Sandbox } from "./objects.ts";
import { isAllowed } from "./permissions.ts";
import { readQuantity } from "./quantity.ts";
import { millicores, type PodSettings } from "./pod-object.ts";
import { INSTALL_SANDBOXES } from "./sandbox-api.ts";
import { refused } from "./start-verdict.ts";

/**
 * Makes a guest.
 *
 * @returns `undefined` when there is one of this name
 * @throws MachineRefusedError in words of the contract; the client's errors
 */
export async function createGuest(
  client: KubernetesClient,
  kind: GuestKind,
  spec: GuestSpec,
  settings: PodSettings,
): Promise<GuestPod | undefined> {
  // Not cut off: what was asked of the server is known to be done or not, or the server is away.
  const request = { method: "POST", path: kind.path(settings.namespace), body: kind.object(spec, settings) } as const;
  try {
    if (kind === SANDBOXES) return guestPod(await client.json(request, Sandbox), undefined);
    return guestPod(undefined, await client.json(request, Pod));
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.reason === "AlreadyExists") return undefined;
    throw await explainRefusal(client, kind, spec, settings, error);
  }
}

async function explainRefusal(
  client: KubernetesClient,
  kind: GuestKind,
  spec: GuestSpec,
  settings: PodSettings,
  error: KubernetesError,
): Promise<Error> {
  const { namespace } = settings;
  const { said, status, causes } = error;
  if (isKindAbsent(error)) {
    const reason = `the cluster has no Sandboxes any more. ${INSTALL_SANDBOXES}`;
    return refused(reason, { mayPass: true, isControllerAway: true, cause: error });
  }
  if (status === 404) {
    const reason = `there is no namespace "${namespace}" (create it, or choose another with --namespace): ${said}`;
    return refused(reason, { mayPass: true, cause: error });
  }
  if (status === 400 || status === 422) return refused(said, { isImpossible: true, cause: error });
  if (status !== 403) return error;
  if (causes.includes("NamespaceTerminating")) return refused(said, { mayPass: true, cause: error });
  // Without the permission it is the way to the cluster that is wrong: the server calls both Forbidden.
  const { group, resource } = kind;
  if (!(await isAllowed(client, { namespace, verb: "create", group, resource }))) return error;
  const isQuota = (await fullQuotas(client, kind, spec, settings)).length > 0;
  return refused(said, { mayPass: isQuota, isQuota, cause: error });
}

/** Names of quotas that a guest would exceed; none where they may not be read. */
async function fullQuotas(
  client: KubernetesClient,
  kind: GuestKind,
  spec: GuestSpec,
  settings: PodSettings,
): Promise<string[]> {
  const path = `/api/v1/namespaces/${settings.namespace}/resourcequotas`;
  try {
    const { objects } = await listAll(client, { path, object: ResourceQuota });
    const wanted = { ...wantedOf(spec, settings), [kind.counted]: 1 };
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
