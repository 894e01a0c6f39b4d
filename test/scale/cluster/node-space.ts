import { readFile } from "node:fs/promises";
import { ClusterProcess } from "./cluster-process.ts";
import { until } from "./until.ts";

const START_TIMEOUT_MS = 20_000;

/** What the kubelet wants of the kernel, and would set for the whole machine: it is shown that it is so. */
const SHOWN_TO_KUBELET = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** Folders in which containerd, the kubelet and the network plugins leave files at fixed paths. */
const OWN_FOLDERS = ["/run", "/var/lib", "/var/log"];

/** Where the programs of a node run: in a mount namespace of their own, which takes every mount away when the last one ends. */
export interface NodeSpace extends AsyncDisposable {
  /** How a program is started in it. */
  inside(command: string, args: string[]): { command: string; args: string[] };
}

/** @param groups folders of control groups that each program joins */
export async function startNodeSpace(dir: string, groups: readonly string[]): Promise<NodeSpace> {
  const script = [
    "set -e",
    ...OWN_FOLDERS.map((folder) => `mount -t tmpfs -o mode=755 none ${folder}`),
    "mkdir -p /run/netns /run/lock",
    ...Object.entries(SHOWN_TO_KUBELET).flatMap(([name, value], index) => [
      `if [ -e /proc/sys/${name} ]`,
      `then echo ${value} > /run/shown-${index}; mount --bind /run/shown-${index} /proc/sys/${name}`,
      "fi",
    ]),
    "echo ready",
    "exec sleep infinity",
  ].join("\n");
  const holder = new ClusterProcess(dir, {
    name: "space",
    command: "unshare",
    args: ["--mount", "--propagation=private", "sh", "-c", script],
  });
  await holder.start();
  try {
    await until("the mounts of the node", START_TIMEOUT_MS, async () => {
      await holder.expectRunning();
      return (await readFile(`${dir}/space.log`, "utf8")).includes("ready");
    });
  } catch (error) {
    await holder.kill();
    throw error;
  }
  const join = 'for each in $0; do echo $$ > "$each/cgroup.procs"; done; exec "$@"';
  return {
    inside: (command, args) => ({
      command: "nsenter",
      args: [`--mount=/proc/${holder.pid}/ns/mnt`, "--", "sh", "-c", join, groups.join(" "), command, ...args],
    }),
    [Symbol.asyncDispose]: () => holder.kill(),
  };
}
