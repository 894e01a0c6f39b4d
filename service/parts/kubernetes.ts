import { findCluster } from "../drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../drivers/kubernetes/client/kubernetes-client.ts";
import type { PodToleration } from "../drivers/kubernetes/nodes.ts";
import { KubernetesMachineDriver } from "../drivers/kubernetes/pod-driver.ts";
import type { KubernetesOptions, Toleration } from "./kubernetes-options.ts";
import type { MachineParts } from "./parts.ts";

/** Machines on Kubernetes, and how to let go of the cluster. */
export interface KubernetesMachines extends MachineParts {
  close(): Promise<void>;
}

/** @throws KubeconfigError when there is no way to a cluster; one that does not answer is no error */
export async function openKubernetesMachines(
  options: KubernetesOptions,
  instanceId: string,
): Promise<KubernetesMachines> {
  const access = await findCluster(options);
  const client = new KubernetesClient(access);
  const { cpuOvercommit, runtimeClass, nodeSelector, tolerations, pullsAhead, pullSecrets } = options;
  const driver = new KubernetesMachineDriver(client, {
    namespace: options.namespace ?? access.namespace,
    instanceId,
    cpuOvercommit,
    runtimeClass,
    nodeSelector,
    tolerations: tolerations?.map(tolerationObject),
    pullsAhead,
    pullSecrets,
  });
  return {
    driver,
    places: [
      {
        name: "machines",
        subject: "The cluster of the machines",
        title: `Kubernetes (${access.name})`,
        host: access.server,
        look: (signal) => driver.ping(signal),
      },
    ],
    close: () => driver.close(),
  };
}

function tolerationObject({ key, value, effect }: Toleration): PodToleration {
  return {
    key,
    ...(value === undefined ? { operator: "Exists" } : { operator: "Equal", value }),
    ...(effect !== undefined && { effect }),
  };
}
