import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Api } from "./api.ts";
import { ClusterProcess } from "./cluster-process.ts";
import { makeGroups } from "./control-groups.ts";
import type { Credentials } from "./credentials.ts";
import { writeKubeconfigOf } from "./kubeconfigs.ts";
import { startNodeSpace } from "./node-space.ts";
import { makePodNetwork, removeNodeTraces, traceNames } from "./node-traces.ts";
import type { ClusterRegistry } from "./registry.ts";
import { tool } from "./tools.ts";
import { until } from "./until.ts";

const START_TIMEOUT_MS = 120_000;

/** A node that runs pods on this machine. */
export interface ClusterNode extends AsyncDisposable {
  readonly name: "node1";
  /** Its address, which pods reach; theirs are in its subnet, and reached from this machine. */
  readonly address: string;
  readonly containerd: ClusterProcess;
  readonly kubelet: ClusterProcess;
}

/**
 * Starts containerd and the kubelet, and waits until the node is ready. It needs root. Pods reach one another and this machine, and
 * nothing else; there is no DNS, no Service address leads anywhere, and nobody enforces a NetworkPolicy.
 */
export async function startNode(
  folder: string,
  { server, made, api, registry }: { server: string; made: Credentials; api: Api; registry: ClusterRegistry },
): Promise<ClusterNode> {
  const dir = join(folder, "node");
  await mkdir(dir);
  const started = new AsyncDisposableStack();
  started.defer(() => removeNodeTraces(folder));
  try {
    const { address, subnet } = await makePodNetwork(folder);
    const space = started.use(await startNodeSpace(dir, await makeGroups(traceNames(folder).group)));
    const containerd = await containerdProcess(dir, space.inside, address, registry);
    started.defer(() => containerd.kill());
    await writePodNetwork(dir, { bridge: traceNames(folder).bridge, gateway: address, subnet });
    const kubelet = await kubeletProcess(folder, dir, space.inside, { server, made, address });
    started.defer(() => kubelet.kill());
    await containerd.start();
    await kubelet.start();
    await until("the node to be ready", START_TIMEOUT_MS, async () => {
      await Promise.all([containerd.expectRunning(), kubelet.expectRunning()]);
      return isReady((await api.try("/api/v1/nodes/node1"))?.text);
    });
    return { name: "node1", address, containerd, kubelet, [Symbol.asyncDispose]: () => started.disposeAsync() };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

function isReady(text: string | undefined): boolean {
  if (text === undefined) return false;
  const { status } = JSON.parse(text) as { status?: { conditions?: { type: string; status: string }[] } | string };
  if (typeof status !== "object") return false; // Not there yet: the answer is a Status, whose status is "Failure".
  return (status.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");
}

type Inside = (command: string, args: string[]) => { command: string; args: string[] };

async function containerdProcess(
  dir: string,
  inside: Inside,
  address: string,
  registry: ClusterRegistry,
): Promise<ClusterProcess> {
  const port = registry.host.split(":")[1];
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const config = `version = 2
root = "${dir}/containerd"
state = "${dir}/containerd-state"
# It would make /opt/containerd.
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${dir}/containerd.sock"
[${cri}]
  sandbox_image = "${registry.pauseImage}"
  disable_apparmor = true
  # In a container that lacks CAP_SYS_RESOURCE no process may make itself less likely to be killed than it is.
  restrict_oom_score_adj = true
[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
  SystemdCgroup = false
[${cri}.cni]
  bin_dir = "${tool("cni")}"
  conf_dir = "${dir}/cni"
[${cri}.registry.mirrors."${registry.host}"]
  endpoint = ["http://${registry.host}"]
# The name under which pods reach it, where a relay leads there.
[${cri}.registry.mirrors."${address}:${port}"]
  endpoint = ["http://${registry.host}"]
`;
  await writeFile(join(dir, "containerd.toml"), config);
  const program = inside("containerd", ["--config", join(dir, "containerd.toml")]);
  return new ClusterProcess(dir, { name: "containerd", ...program });
}

async function writePodNetwork(dir: string, net: { bridge: string; gateway: string; subnet: string }): Promise<void> {
  const plugin = {
    type: "bridge",
    bridge: net.bridge,
    // The bridge has its address already; as a gateway the plugin would turn on forwarding for the whole machine.
    isGateway: false,
    ipMasq: false,
    ipam: {
      type: "host-local",
      dataDir: join(dir, "addresses"),
      ranges: [[{ subnet: net.subnet, gateway: net.gateway }]],
      routes: [{ dst: "0.0.0.0/0", gw: net.gateway }],
    },
  };
  const list = { cniVersion: "0.4.0", name: "pods", plugins: [plugin] };
  await mkdir(join(dir, "cni"));
  await writeFile(join(dir, "cni", "10-pods.conflist"), JSON.stringify(list));
}

async function kubeletProcess(
  folder: string,
  dir: string,
  inside: Inside,
  { server, made, address }: { server: string; made: Credentials; address: string },
): Promise<ClusterProcess> {
  await writeFile(join(dir, "resolv.conf"), "nameserver 127.0.0.1\n");
  const config = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    healthzPort: 0,
    containerRuntimeEndpoint: `unix://${dir}/containerd.sock`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${traceNames(folder).group}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      // The API server shows a certificate when it asks for logs or an exec.
      x509: { clientCAFile: made.caFile },
    },
    authorization: { mode: "Webhook" },
    makeIPTablesUtilChains: false,
    resolvConf: join(dir, "resolv.conf"),
    podLogsDir: join(dir, "pod-logs"),
    volumePluginDir: join(dir, "volume-plugins"),
    // A full disk of this machine is not the tests' affair.
    evictionHard: { "memory.available": "10Mi", "nodefs.available": "100Mi", "imagefs.available": "100Mi" },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    serializeImagePulls: false,
    registerNode: true,
  };
  await writeFile(join(dir, "kubelet.yaml"), JSON.stringify(config));
  const program = inside(tool("kubernetes"), [
    "kubelet",
    `--config=${join(dir, "kubelet.yaml")}`,
    `--kubeconfig=${await writeKubeconfigOf("system:node:node1", dir, server, made)}`,
    `--root-dir=${join(dir, "kubelet")}`,
    `--cert-dir=${join(dir, "kubelet-certificates")}`,
    "--hostname-override=node1",
    `--node-ip=${address}`,
  ]);
  return new ClusterProcess(dir, { name: "kubelet", ...program });
}
