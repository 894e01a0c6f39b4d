import { answerTimeout } from "pulumi-nullspace/concurrency";
import { findCluster } from "../drivers/kubernetes/client/kubeconfig.ts";
import { isClusterAway } from "../drivers/kubernetes/client/errors.ts";
import { KubernetesClient } from "../drivers/kubernetes/client/kubernetes-client.ts";
import { nativeProblem } from "../drivers/kubernetes/native-pools/native-check.ts";
import { KubernetesNativePools } from "../drivers/kubernetes/native-pools/kubernetes-native-pools.ts";
import type { PodToleration } from "../drivers/kubernetes/nodes.ts";
import type { IsolationOutcome } from "../drivers/kubernetes/isolation-probe.ts";
import type { GuestPods } from "../drivers/kubernetes/guest-pods.ts";
import { Isolation } from "../drivers/kubernetes/isolation.ts";
import type { Placement } from "../drivers/kubernetes/placement.ts";
import { KubernetesMachineDriver } from "../drivers/kubernetes/pod-driver.ts";
import type { PodSettings } from "../drivers/kubernetes/pod-object.ts";
import { EngineUnavailableError, StartupError } from "../errors.ts";
import type { NetworkProof } from "../network-proof.ts";
import type { KubernetesOptions, Toleration } from "./kubernetes-options.ts";
import type { MachineParts } from "./parts.ts";
import { readPlacements } from "./placements-file.ts";

/** Machines on Kubernetes, and how to let go of the cluster. */
export interface KubernetesMachines extends MachineParts {
  /** Namespace of the machines. */
  readonly namespace: string;
  close(): Promise<void>;
}

/** At the start the cluster is asked for so long what machines are to be; else that is found out when it answers. */
const CHOOSE_MS = 5_000;

/**
 * @param baseImage what the probe of the network runs; without one nothing is written or proved there, for who only looks
 * @param onProof is told what came of each try to find out whether the network keeps machines apart
 * @throws KubeconfigError when there is no way to a cluster; one that does not answer is no error
 * @throws StartupError when Sandboxes or native pools are asked for, and the cluster has none or the account may not make them
 */
export async function openKubernetesMachines(
  options: KubernetesOptions,
  instanceId: string,
  baseImage?: string,
  onProof: (proof: NetworkProof) => void = () => undefined,
): Promise<KubernetesMachines> {
  const placements = options.placements === undefined ? undefined : readPlacements(options.placements);
  const access = await findCluster(options);
  const client = new KubernetesClient(access);
  const namespace = options.namespace ?? access.namespace;
  const settings = podSettings(options, namespace, instanceId, placements);
  const { networkPolicy = "managed", allowedEgress, probeImage = baseImage } = options;
  if (networkPolicy === "none") refuseRanges(options.placements ?? "", placements ?? new Map());
  let isolation: Isolation | undefined;
  const onOutcome = (outcome: IsolationOutcome) =>
    onProof({ server: access.server, namespace, ...outcome, at: new Date().toISOString() });
  const makeIsolation = (image: string) => (pods: GuestPods) =>
    (isolation = new Isolation({ client, pods, settings, image, allowedEgress, onOutcome }));
  const isProved = networkPolicy === "managed" && baseImage !== undefined && probeImage !== undefined;
  const driver = new KubernetesMachineDriver(client, settings, {}, isProved ? makeIsolation(probeImage) : undefined);
  const problem = await unlessAway(async (signal) => (await driver.chosen(signal)).problem);
  if (problem !== undefined && settings.guest === "sandbox") {
    await driver.close();
    throw new StartupError(problem, "sandboxes_missing");
  }
  const isOn = options.nativePools ?? false;
  const lacking = isOn ? await unlessAway((signal) => nativeProblem(client, namespace, signal)) : undefined;
  if (lacking !== undefined) {
    await driver.close();
    throw new StartupError(lacking, "native_pools_missing");
  }
  // It ends with the driver; until then it tries again by itself.
  void driver.proveIsolation();
  return {
    driver,
    nativePools: new KubernetesNativePools({ client, settings, isOn, isolation: () => isolation }),
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
        note: () => isolationNote(isolation?.outcome),
      },
    ],
    close: () => driver.close(),
  };
}

/** What the pods of a service are made with. */
export function podSettings(
  options: KubernetesOptions,
  namespace: string,
  instanceId: string,
  placements: PodSettings["placements"],
): PodSettings {
  const { cpuOvercommit, runtimeClass, nodeSelector, tolerations, pullsAhead, pullSecrets } = options;
  return {
    namespace,
    instanceId,
    guest: options.guest ?? "auto",
    cpuOvercommit,
    runtimeClass,
    nodeSelector,
    tolerations: tolerations?.map(tolerationObject),
    placements,
    pullsAhead,
    pullSecrets,
  };
}

/** @throws StartupError for a placement that allows what nobody would write a policy for */
function refuseRanges(file: string, placements: ReadonlyMap<string, Placement>): void {
  const allowing = [...placements].find(([, { allowedEgress = [] }]) => allowedEgress.length > 0);
  if (allowing === undefined) return;
  const message = `The placement "${allowing[0]}" in ${file} has allowEgress, which is for --network-policy managed.`;
  throw new StartupError(message, "placements_unusable");
}

/** What the cluster says at the start; `undefined` when it does not answer, which it may do later. */
async function unlessAway<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  using late = answerTimeout(CHOOSE_MS);
  try {
    return await ask(late.signal);
  } catch (error) {
    if (late.signal.aborted || error instanceof EngineUnavailableError || isClusterAway(error)) return undefined;
    throw error;
  }
}

/** What anybody may read of it: images and addresses are for those who have a key, and are refused a machine. */
function isolationNote(outcome: IsolationOutcome | undefined): string {
  if (outcome?.state === "enforced") return "Machines without internet access are offered.";
  if (outcome?.state === "unproven") {
    return "Machines without internet access are not offered: it is not proved that the network enforces NetworkPolicies.";
  }
  return `Machines without internet access are not offered: ${outcome?.reason ?? "the service writes no NetworkPolicy"}.`;
}

function tolerationObject({ key, value, effect }: Toleration): PodToleration {
  return {
    key,
    ...(value === undefined ? { operator: "Exists" } : { operator: "Equal", value }),
    ...(effect !== undefined && { effect }),
  };
}
