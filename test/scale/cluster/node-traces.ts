import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { addBridge, removeBridge } from "../../../scripts/setup/bridge.mjs";
import { withLock } from "../../../scripts/setup/lock.mjs";
import { findCommand } from "../../../scripts/setup/platform.mjs";
import { removeGroups } from "./control-groups.ts";
import { FOLDER_PREFIX } from "./folder.ts";

/** What a node has on the machine beside its processes and files; all of it is named after the cluster's folder. */
export function traceNames(folder: string): { readonly group: string; readonly bridge: string } {
  const id = folder.slice(FOLDER_PREFIX.length);
  // IFNAMSIZ: at most 15 characters.
  return { group: `nullspace-cluster-${id}`, bridge: `nsk-${id}` };
}

/**
 * Makes the bridge of a node's pods, with a subnet of its own, and lets them speak to one another.
 *
 * @returns its address, which is the node's, and its subnet
 */
export async function makePodNetwork(folder: string): Promise<{ address: string; subnet: string }> {
  const { bridge } = traceNames(folder);
  // Two that look at once would find the same subnet free.
  await withLock(`${FOLDER_PREFIX.replace(/-$/, "")}.lock`, { timeoutMs: 60_000 }, () =>
    addBridge(bridge, { env: process.env }),
  );
  const { stdout } = await promisify(execFile)("ip", ["-json", "-4", "address", "show", "dev", bridge]);
  const [link] = JSON.parse(stdout) as { addr_info: { local: string; prefixlen: number }[] }[];
  const address = link?.addr_info[0]?.local;
  if (address === undefined) throw new Error(`the bridge ${bridge} has no address: ${stdout}`);
  await firewall("-I", bridge);
  return { address, subnet: address.replace(/\.1$/, ".0/24") };
}

/** Kills what runs in the control groups of a node, and takes away what else it has on the machine. */
export async function removeNodeTraces(folder: string): Promise<void> {
  const { group, bridge } = traceNames(folder);
  await removeGroups(group);
  if (existsSync(`/sys/class/net/${bridge}`)) await firewall("-D", bridge).catch(() => undefined);
  await removeBridge(bridge, { env: process.env });
}

/**
 * An engine that forbids forwarding (Docker's does) forbids it between the pods of a bridge, too, where the kernel asks the firewall
 * about bridges.
 */
async function firewall(action: "-I" | "-D", bridge: string): Promise<void> {
  if (findCommand("iptables", process.env) === undefined) return;
  await promisify(execFile)("iptables", ["-w", action, "FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"]);
}
