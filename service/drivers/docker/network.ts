import { EngineConflictError, EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";

/**
 * Network of every machine with internet access, of all services on an engine. A network of this name that is there
 * already is used as it is, so that an engine's owner may make it otherwise.
 */
export const MACHINE_NETWORK = "nullspace-machines";

const ICC_OPTION = "com.docker.network.bridge.enable_icc";
const BRIDGE_OPTION = "com.docker.network.bridge.name";

/** {@link MACHINE_NETWORK} of one engine, which is looked for once, and again when a machine has missed it. */
export class MachineNetwork {
  readonly #engine: DockerEngine;
  #isThere = false;

  constructor(engine: DockerEngine) {
    this.#engine = engine;
  }

  /**
   * Starts something that needs the network.
   *
   * @param start may be called twice: somebody may have removed the network meanwhile, which the engine tells as it tells that
   *   anything else is missing
   */
  async with<T>(start: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (!this.#isThere) return this.#withNew(start, signal);
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof EngineNotFoundError)) throw error;
      return this.#withNew(start, signal);
    }
  }

  async #withNew<T>(start: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await ensureMachineNetwork(this.#engine, signal);
    this.#isThere = true;
    return start();
  }
}

/** Makes {@link MACHINE_NETWORK} if need be: a bridge on which no container reaches another one. */
export async function ensureMachineNetwork(engine: DockerEngine, signal?: AbortSignal): Promise<void> {
  try {
    await engine.networks.inspect(MACHINE_NETWORK, { signal });
  } catch (error) {
    if (!(error instanceof EngineNotFoundError)) throw error;
    try {
      await engine.networks.create(
        { Name: MACHINE_NETWORK, Driver: "bridge", Options: { [ICC_OPTION]: "false" } },
        { signal },
      );
    } catch (conflict) {
      // Somebody else was quicker.
      if (!(conflict instanceof EngineConflictError)) throw conflict;
    }
  }
}

/** Name of the network's interface on the engine's host. */
export async function machineBridge(engine: DockerEngine, signal?: AbortSignal): Promise<string> {
  await ensureMachineNetwork(engine, signal);
  const { Id, Options } = await engine.networks.inspect(MACHINE_NETWORK, { signal });
  return Options?.[BRIDGE_OPTION] ?? `br-${Id.slice(0, 12)}`;
}

/** What is not the internet: private, shared, link-local (with a cloud's metadata service) and test addresses. */
const PRIVATE_NETWORKS = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];

/**
 * A shell script of firewall rules that an engine cannot make by itself: from the machines' bridge nothing reaches the
 * host, under whatever address, nor a private network. Running it again replaces its rules.
 *
 * @param allowed addresses that machines may reach all the same, such as a private name server
 */
export function firewallScript(bridge: string, allowed: readonly string[] = []): string {
  const chain = (name: string, from: string, rules: readonly string[]) => [
    `iptables -w -N ${name} 2>/dev/null || iptables -w -F ${name}`,
    ...rules.map((rule) => `iptables -w -A ${name} ${rule}`),
    `iptables -w -C ${from} -i ${bridge} -j ${name} 2>/dev/null || iptables -w -I ${from} -i ${bridge} -j ${name}`,
  ];
  const answers = "-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN";
  return [
    "set -e",
    "# Nothing of the host.",
    ...chain("NULLSPACE-HOST", "INPUT", [answers, "-j DROP"]),
    "# Nothing of a private network.",
    ...chain("NULLSPACE-NET", "DOCKER-USER", [
      answers,
      ...allowed.map((address) => `-d ${address} -j RETURN`),
      ...PRIVATE_NETWORKS.map((network) => `-d ${network} -j DROP`),
    ]),
  ].join("\n");
}
