import { findCluster } from "../drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../drivers/kubernetes/client/kubernetes-client.ts";
import { KubernetesMachineDriver } from "../drivers/kubernetes/pod-driver.ts";
import type { KubernetesOptions, Toleration } from "./kubernetes-options.ts";
import type { MachineParts } from "./parts.ts";

/** Machines on Kubernetes, and how to let go of the cluster. */
export interface KubernetesMachines extends MachineParts {
  /** Namespace of the machines. */
  readonly namespace: string;
  close(): Promise<void>;
}

/** @throws KubeconfigError when there is no way to a cluster; one that does not answer is no error */
export async function openKubernetesMachines(
  options: KubernetesOptions,
  instanceId: string,
): Promise<KubernetesMachines> {
  const access = await findCluster(options);
  const client = new KubernetesClient(access);
  const { cpuOvercommit, runtimeClass, nodeSelector, tolerations, pullSecrets } = options;
  const namespace = options.namespace ?? access.namespace;
  const driver = new KubernetesMachineDriver(client, {
    namespace,
    instanceId,
    cpuOvercommit,
    runtimeClass,
    nodeSelector,
    tolerations: tolerations?.map(tolerationObject),
    pullSecrets,
  });
  return {
    driver,
    namespace,
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

function tolerationObject({ key, value, effect }: Toleration): object {
  return {
    key,
    ...(value === undefined ? { operator: "Exists" } : { operator: "Equal", value }),
    ...(effect !== undefined && { effect }),
  };
}
