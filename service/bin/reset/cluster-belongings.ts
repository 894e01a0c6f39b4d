import { Semaphore } from "pulumi-nullspace/concurrency";
import * as z from "zod";
import { rethrow } from "../../drivers/kubernetes/cluster-errors.ts";
import {
  NATIVE_LABEL,
  listPath,
  TEMPLATES,
  WARM_POOLS,
  type NativeKind,
} from "../../drivers/kubernetes/native-pools/native-api.ts";
import { KubernetesError } from "../../drivers/kubernetes/client/errors.ts";
import type { KubernetesClient } from "../../drivers/kubernetes/client/kubernetes-client.ts";
import { ownSelector } from "../../drivers/kubernetes/guest-labels.ts";
import { Pod } from "../../drivers/kubernetes/objects.ts";
import { deletePod } from "../../drivers/kubernetes/remove-guest.ts";
import type { KubernetesMachines } from "../../parts/kubernetes.ts";
import { AT_ONCE, counted, type Belongings } from "./belongings.ts";

const Pods = z.object({ items: z.array(Pod) });
const Named = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** A cluster, and whose things are looked for there. */
export interface ClusterPlace {
  readonly client: KubernetesClient;
  readonly machines: KubernetesMachines;
  readonly instanceId: string;
}

/**
 * The pods of a service on a cluster, machines and others, what it keeps for other programs, and the policies that keep them apart.
 * What other programs have claimed is theirs.
 */
export async function clusterBelongings(place: ClusterPlace, signal: AbortSignal): Promise<Belongings> {
  const { client, instanceId } = place;
  const { namespace, driver } = place.machines;
  const query = { labelSelector: ownSelector(instanceId) };
  const podQuery = { labelSelector: ownSelector(instanceId, `!${NATIVE_LABEL}`) };
  const podsPath = `/api/v1/namespaces/${namespace}/pods`;
  const policiesPath = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
  const pods = async (during: AbortSignal) =>
    (await client.json({ method: "GET", path: podsPath, query: podQuery, signal: during }, Pods).catch(rethrow)).items;
  const policies = async (during: AbortSignal) => {
    const asked = client.json({ method: "GET", path: policiesPath, query, signal: during }, Named);
    return (await asked.catch(noneIfForbidden))?.items;
  };
  const native = async (kind: NativeKind, during: AbortSignal) => {
    const asked = client.json({ method: "GET", path: listPath(kind, namespace), query, signal: during }, Named);
    return (await asked.catch(noneIfForbidden))?.items ?? [];
  };
  const warmPools = await native(WARM_POOLS, signal);
  // A Sandbox may have no pod, and a pod no machine.
  const count = Math.max((await pods(signal)).length, (await driver.list(signal)).length);
  const rules = await policies(signal);
  return {
    lines: [
      ...(count === 0 ? [] : [`${counted(count, "pod")} of machines and pools in ${namespace}`]),
      ...(warmPools.length === 0 ? [] : [`${counted(warmPools.length, "SandboxWarmPool")} in ${namespace}`]),
      ...(rules === undefined || rules.length === 0 ? [] : [`NetworkPolicies in ${namespace} (${rules.length})`]),
    ],
    async remove(during) {
      const slots = new Semaphore(AT_ONCE);
      // Their members go with the pools; those that were claimed do not.
      for (const kind of [WARM_POOLS, TEMPLATES]) {
        for (const { metadata } of await native(kind, during)) {
          const path = `${listPath(kind, namespace)}/${metadata.name}`;
          await client.json({ method: "DELETE", path, signal: during }, z.unknown()).catch(noneIfForbidden);
        }
      }
      const guests = [...(await driver.list(during)), ...(await driver.listTrials(during))];
      // Machines have an end that is waited for; what else there is only looked at something.
      await Promise.all(guests.map(({ guestId }) => slots.run(during, () => driver.remove(guestId, during))));
      for (const pod of await pods(during)) await deletePod(client, namespace, pod, 0).catch(rethrow);
      for (const { metadata } of rules ?? []) {
        const path = `${policiesPath}/${metadata.name}`;
        await client.json({ method: "DELETE", path, signal: during }, z.unknown()).catch(noneIfForbidden);
      }
      const left = await policies(during);
      return left?.length === 0
        ? []
        : [
            `the NetworkPolicies in ${namespace} with the label ${ownSelector(instanceId)}, which this account may not delete`,
          ];
    },
  };
}

/** The role of a service does not let it look at policies, or delete them: an administrator's kubeconfig does. */
function noneIfForbidden(error: unknown): undefined {
  if (error instanceof KubernetesError && (error.status === 403 || error.status === 404)) return undefined;
  return rethrow(error);
}
