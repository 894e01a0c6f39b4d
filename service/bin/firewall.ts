import { isIPv4 } from "node:net";
import { DockerEngine } from "pulumi-nullspace/docker";
import { firewallScript, machineBridge } from "../drivers/docker/network.ts";
import { UsageError } from "./usage-error.ts";

/** `firewall`: prints the rules that keep machines from the host and from private networks, for root to run. */
export async function firewallCommand(values: { "docker-host"?: string; allow?: string[] }): Promise<void> {
  const engine = new DockerEngine({ ...(values["docker-host"] !== undefined && { host: values["docker-host"] }) });
  try {
    process.stdout.write(`${firewallScript(await machineBridge(engine), readAddresses(values.allow ?? []))}\n`);
  } finally {
    await engine.close();
  }
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
