import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { ClusterProcess } from "./cluster-process.ts";
import type { Credentials } from "./credentials.ts";
import { writeKubeconfigOf } from "./kubeconfigs.ts";
import { tool } from "./tools.ts";
import { until } from "./until.ts";

const START_TIMEOUT_MS = 120_000;

/** The programs without which a cluster is none. */
export interface ControlPlane {
  readonly etcd: ClusterProcess;
  readonly apiserver: ClusterProcess;
  readonly controllers: ClusterProcess;
  readonly scheduler: ClusterProcess;
}

/**
 * Starts etcd, the API server, the controllers and the scheduler, and waits until a pod could be made.
 *
 * @param address of the loopback interface that is the cluster's alone: so their ports can be the usual ones
 */
export async function startControlPlane(
  folder: string,
  { address, server, made, api }: { address: string; server: string; made: Credentials; api: Api },
): Promise<ControlPlane> {
  const dir = join(folder, "control-plane");
  await mkdir(dir);
  const kubernetes = (name: string, args: string[]) =>
    new ClusterProcess(dir, { name, command: tool("kubernetes"), args: [name, ...args] });
  const etcd = etcdProcess(dir, address);
  const apiserver = kubernetes("kube-apiserver", apiserverFlags(dir, address, made));
  const [ofControllers, ofScheduler] = await Promise.all([
    writeKubeconfigOf("system:kube-controller-manager", dir, server, made),
    writeKubeconfigOf("system:kube-scheduler", dir, server, made),
  ]);
  const controllers = kubernetes("kube-controller-manager", [
    `--kubeconfig=${ofControllers}`,
    "--leader-elect=false",
    // Neither has anything to tell anybody here.
    "--secure-port=0",
    `--service-account-private-key-file=${made.serviceAccounts.privateKey}`,
    `--root-ca-file=${made.caFile}`,
    "--use-service-account-credentials=true",
    `--cert-dir=${join(dir, "controllers")}`,
  ]);
  const scheduler = kubernetes("kube-scheduler", [
    `--kubeconfig=${ofScheduler}`,
    "--leader-elect=false",
    "--secure-port=0",
    `--cert-dir=${join(dir, "scheduler")}`,
  ]);
  const plane = { etcd, apiserver, controllers, scheduler };
  try {
    await etcd.start();
    await apiserver.start();
    await untilReady(plane, api);
    await Promise.all([controllers.start(), scheduler.start()]);
    // A namespace takes no pods until the controllers have made its service account.
    await until("the controllers to work", START_TIMEOUT_MS, async () => {
      await expectRunning(plane);
      return (await api.try("/api/v1/namespaces/default/serviceaccounts/default"))?.status === 200;
    });
  } catch (error) {
    await killControlPlane(plane);
    throw error;
  }
  return plane;
}

/** Waits until the API server answers that it is ready: after its start, or its return. */
export async function untilReady(
  { etcd, apiserver }: Pick<ControlPlane, "etcd" | "apiserver">,
  api: Api,
): Promise<void> {
  await until("the API server to be ready", START_TIMEOUT_MS, async () => {
    await Promise.all([etcd.expectRunning(), apiserver.expectRunning()]);
    return (await api.try("/readyz"))?.status === 200;
  });
}

/** Ends all of it at once. */
export async function killControlPlane(plane: ControlPlane): Promise<void> {
  await Promise.all(Object.values(plane).map((each: ClusterProcess) => each.kill()));
}

async function expectRunning(plane: ControlPlane): Promise<void> {
  await Promise.all(Object.values(plane).map((each: ClusterProcess) => each.expectRunning()));
}

function etcdProcess(dir: string, address: string): ClusterProcess {
  const [clients, peers] = [`http://${address}:2379`, `http://${address}:2380`];
  const args = [
    "--name=cluster",
    `--data-dir=${join(dir, "etcd")}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=cluster=${peers}`,
    // What is lost when the machine goes is gone anyway.
    "--unsafe-no-fsync",
  ];
  return new ClusterProcess(dir, { name: "etcd", command: "etcd", args });
}

function apiserverFlags(dir: string, address: string, made: Credentials): string[] {
  const [server, toKubelet] = [made.certificate("server"), made.certificate("to-kubelet")];
  return [
    `--etcd-servers=http://${address}:2379`,
    `--bind-address=${address}`,
    "--secure-port=6443",
    `--advertise-address=${address}`,
    // There is no way from a pod to this address, so no Service leads to it.
    "--endpoint-reconciler-type=none",
    `--cert-dir=${join(dir, "apiserver")}`,
    `--tls-cert-file=${server.cert}`,
    `--tls-private-key-file=${server.key}`,
    `--client-ca-file=${made.caFile}`,
    `--token-auth-file=${made.tokenFile}`,
    "--authorization-mode=Node,RBAC",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-signing-key-file=${made.serviceAccounts.privateKey}`,
    `--service-account-key-file=${made.serviceAccounts.publicKey}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--allow-privileged=true",
    "--kubelet-preferred-address-types=InternalIP",
    `--kubelet-client-certificate=${toKubelet.cert}`,
    `--kubelet-client-key=${toKubelet.key}`,
  ];
}
