import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Api } from "./api.ts";
import type { ClusterProcess } from "./cluster-process.ts";
import { type ControlPlane, killControlPlane, startControlPlane, untilReady } from "./control-plane.ts";
import { makeCredentials } from "./credentials.ts";
import { FOLDER_PREFIX } from "./folder.ts";
import { type Kubeconfigs, writeKubeconfigs } from "./kubeconfigs.ts";
import { type KubectlResult, runKubectl } from "./kubectl.ts";
import { startKwokNodes } from "./kwok-nodes.ts";
import { noteOwner, sweepClusters } from "./leftovers.ts";
import { type ClusterNode, startNode } from "./node.ts";
import { type ClusterRegistry, startRegistry } from "./registry.ts";

/** What a cluster is to have. */
export interface ClusterOptions {
  /** A node that runs pods, and a registry that it pulls from. It needs root on Linux. @default false */
  node?: boolean;
  /** How many nodes that only say that they run pods: KWOK's, with the label `type: kwok`. @default 0 */
  kwokNodes?: number;
}

/** A Kubernetes cluster of this machine alone. Several run side by side. */
export interface Cluster extends AsyncDisposable {
  /** Its files, which go with it. */
  readonly folder: string;
  /** Address of the API server, `https://…`. */
  readonly server: string;
  /** File with the authority of the API server's certificate. */
  readonly caFile: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The other ways to say who one is. */
  readonly kubeconfigs: Kubeconfigs;
  readonly controlPlane: ControlPlane;
  /** `undefined` without KWOK's nodes. */
  readonly kwok: ClusterProcess | undefined;
  /** `undefined` without a node. */
  readonly node: ClusterNode | undefined;
  /** `undefined` without a node. */
  readonly registry: ClusterRegistry | undefined;
  /** The administrator's requests. */
  readonly api: Api;
  /** Runs kubectl as the administrator, or by another kubeconfig. It does not throw for what kubectl says. */
  kubectl(
    args: readonly string[],
    options?: { input?: string; timeoutMs?: number; kubeconfig?: string },
  ): Promise<KubectlResult>;
  /** Waits until the API server answers again, after it was killed and started. */
  untilReady(): Promise<void>;
  /** Ends it and leaves nothing behind: no process, mount, bridge, network namespace, firewall rule, control group or file. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster, and waits until a pod could be made in its namespace `default`.
 *
 * A few seconds without a node. It ends with the process that has started it; what a killed one has left behind of the kernel's
 * (control groups, a bridge) and of files goes when the next cluster starts.
 *
 * @throws Error with the end of a log when a program does not come up; what was started is stopped
 */
export async function startCluster({ node = false, kwokNodes = 0 }: ClusterOptions = {}): Promise<Cluster> {
  await sweepClusters();
  // A short path, as sockets are in it.
  const folder = await mkdtemp(FOLDER_PREFIX);
  await noteOwner(folder);
  // All of 127.0.0.0/8 is this machine: with an address of its own each cluster has the usual ports.
  const address = `127.${randomInt(16, 250)}.${randomInt(256)}.${randomInt(2, 250)}`;
  const server = `https://${address}:6443`;
  /** How to give back what was started, the last first. */
  const started = new AsyncDisposableStack();
  started.defer(() => rm(folder, { recursive: true, force: true }));
  try {
    const made = await makeCredentials(folder, address);
    const kubeconfigs = await writeKubeconfigs(folder, server, made);
    const api = started.use(await Api.of(server, { caFile: made.caFile, token: made.tokenOf("admin") }));
    const registering = node ? startRegistry(folder) : undefined;
    const controlPlane = await startControlPlane(folder, { address, server, made, api }).catch(
      async (error: unknown) => {
        await registering?.then((registry) => registry[Symbol.asyncDispose]()).catch(() => undefined);
        throw error;
      },
    );
    const registry = registering && started.use(await registering);
    started.defer(() => killControlPlane(controlPlane));
    const real = registry && started.use(await startNode(folder, { server, made, api, registry }));
    const kubeconfig = kubeconfigs.token;
    let kwok: ClusterProcess | undefined;
    if (kwokNodes > 0) {
      kwok = await startKwokNodes(folder, { count: kwokNodes, isTainted: node, address, kubeconfig, api });
      const process = kwok;
      started.defer(() => process.kill());
    }
    const stop = () => started.disposeAsync();
    return {
      folder,
      server,
      caFile: made.caFile,
      kubeconfig,
      kubeconfigs,
      controlPlane,
      kwok,
      node: real,
      registry,
      api,
      kubectl: (args, { kubeconfig: other = kubeconfig, ...options } = {}) => runKubectl(folder, other, args, options),
      untilReady: () => untilReady(controlPlane, api),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}
