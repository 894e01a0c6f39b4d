import { anyText } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";

/** Name under which Docker's configuration file keeps Docker Hub's credentials, and which old engines look for. */
export const HUB_INDEX_URL = "https://index.docker.io/v1/";
export const HUB_HOST = "docker.io";

/** Hosts that all mean Docker Hub: its name in references, its old index, and the two that serve its API. */
const HUB_ALIASES = new Set([HUB_HOST, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"]);

/**
 * The host that an entry of the configuration file, or a registry's address, stands for: without scheme and path, and
 * `docker.io` for every name of Docker Hub.
 *
 * @example
 * ```ts
 * registryHost("https://index.docker.io/v1/"); // "docker.io"
 * ```
 */
export function registryHost(address: string): string {
  check("registryHost", { address: anyText }, { address });
  const host = address.replace(/^[a-z]+:\/\//i, "").split("/", 1)[0] ?? "";
  return HUB_ALIASES.has(host.toLowerCase()) ? HUB_HOST : host;
}
