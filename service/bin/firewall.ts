import { isIPv4 } from "node:net";
import { DockerEngine } from "pulumi-nullspace/docker";
import { firewallScript, machineBridge } from "../drivers/docker/network.ts";
import { dataPaths, defaultDataDirectory } from "../data-directory.ts";
import { readSetups } from "../setups.ts";
import { readMachines } from "./machine-options.ts";
import type { SetupArguments } from "./setup-options.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `firewall`: prints the rules that keep machines from the host and from private networks, for root to run. They are for machines on
 * Docker Engine, which is not asked where there are none.
 */
export async function firewallCommand(values: SetupArguments & { data?: string; allow?: string[] }): Promise<void> {
  if (areMachinesPods(values)) {
    throw new UsageError(
      "firewall is for machines on Docker Engine. What pods on Kubernetes may reach is up to NetworkPolicies: deploy/kubernetes/base/network-policies.yaml has some.",
    );
  }
  const engine = new DockerEngine({ ...(values["docker-host"] !== undefined && { host: values["docker-host"] }) });
  try {
    process.stdout.write(`${firewallScript(await machineBridge(engine), readAddresses(values.allow ?? []))}\n`);
  } finally {
    await engine.close();
  }
}

/** By the options, or as the data folder was last served where there are none. */
function areMachinesPods(values: SetupArguments & { data?: string }): boolean {
  if (values.machines !== undefined) return readMachines(values).kubernetes !== undefined;
  const paths = dataPaths(values.data ?? defaultDataDirectory());
  return readSetups(paths).at(-1)?.machines === "kubernetes";
}

/** What is printed is run by a shell, so that nothing but addresses may get into it. */
function readAddresses(addresses: readonly string[]): readonly string[] {
  for (const address of addresses) {
    const [ip = "", bits, ...rest] = address.split("/");
    const isPrefix = bits === undefined || (/^\d{1,2}$/.test(bits) && Number(bits) <= 32);
    if (isIPv4(ip) && isPrefix && rest.length === 0) continue;
    throw new UsageError(`--allow ${address} is not an IPv4 address, or a network such as 10.0.0.0/24.`);
  }
  return addresses;
}
