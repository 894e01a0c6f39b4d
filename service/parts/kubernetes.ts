import { answerTimeout } from "pulumi-nullspace/concurrency";
import { findCluster } from "../drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../drivers/kubernetes/client/kubernetes-client.ts";
import { KubernetesMachineDriver } from "../drivers/kubernetes/pod-driver.ts";
import { EngineUnavailableError, StartupError } from "../errors.ts";
import type { KubernetesOptions, Toleration } from "./kubernetes-options.ts";
import type { MachineParts } from "./parts.ts";

/** Machines on Kubernetes, and how to let go of the cluster. */
export interface KubernetesMachines extends MachineParts {
  /** Namespace of the machines. */
  readonly namespace: string;
  close(): Promise<void>;
}

/** At the start the cluster is asked for so long what machines are to be; else that is found out when it answers. */
const CHOOSE_MS = 5_000;

/**
 * @throws KubeconfigError when there is no way to a cluster; one that does not answer is no error
 * @throws StartupError when Sandboxes are asked for, and the cluster has none or the account may not make them
 */
export async function openKubernetesMachines(
  options: KubernetesOptions,
  instanceId: string,
): Promise<KubernetesMachines> {
  const access = await findCluster(options);
  const client = new KubernetesClient(access);
  const { cpuOvercommit, runtimeClass, nodeSelector, tolerations, pullSecrets } = options;
  const namespace = options.namespace ?? access.namespace;
  const settings = {
    namespace,
    instanceId,
    cpuOvercommit,
    runtimeClass,
    nodeSelector,
    tolerations: tolerations?.map(tolerationObject),
    pullSecrets,
  };
  const wish = options.guest ?? "auto";
  const driver = new KubernetesMachineDriver(client, settings, {}, wish);
  const problem = await problemOf(driver);
  if (problem !== undefined && wish === "sandbox") {
    await driver.close();
    throw new StartupError(problem, "sandboxes_missing");
  }
  return {
    driver,
    namespace,
    notices:
      problem === undefined
        ? []
        : [`${problem} Machines are bare pods now; with them, the next start makes Sandboxes.`],
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

async function problemOf(driver: KubernetesMachineDriver): Promise<string | undefined> {
  using late = answerTimeout(CHOOSE_MS);
  try {
    return (await driver.chosen(late.signal)).problem;
  } catch (error) {
    if (late.signal.aborted || error instanceof EngineUnavailableError) return undefined;
    throw error;
  }
}

function tolerationObject({ key, value, effect }: Toleration): object {
  return {
    key,
    ...(value === undefined ? { operator: "Exists" } : { operator: "Equal", value }),
    ...(effect !== undefined && { effect }),
  };
}
