import { HUB_HOST, HUB_INDEX_URL } from "./registry-host.ts";
import type { RegistryCredentials } from "./registry-credentials.ts";

/** The engine's AuthConfig (moby api/types/registry, authconfig.go), with its JSON names. */
interface EngineAuthConfig {
  username?: string;
  password?: string;
  identitytoken?: string;
  registrytoken?: string;
  serveraddress: string;
}

function engineAuth(host: string, credentials: RegistryCredentials): EngineAuthConfig {
  const auth = credentials.reveal();
  const serveraddress = host === HUB_HOST ? HUB_INDEX_URL : host;
  if ("identityToken" in auth) return { identitytoken: auth.identityToken, serveraddress };
  if ("registryToken" in auth) return { registrytoken: auth.registryToken, serveraddress };
  return { username: auth.username, password: auth.password, serveraddress };
}

/** Value of `X-Registry-Auth`: the credentials for one registry (pull, push). */
export function registryAuthHeader(host: string, credentials: RegistryCredentials): string {
  return encode(engineAuth(host, credentials));
}

/** Value of `X-Registry-Config`: the credentials for every registry that a classic build may pull from. */
export function registryConfigHeader(credentials: ReadonlyMap<string, RegistryCredentials>): string {
  const configs: Record<string, EngineAuthConfig> = {};
  for (const [host, one] of credentials) {
    configs[host] = engineAuth(host, one);
    // Engines look Docker Hub up under its old index address.
    if (host === HUB_HOST) configs[HUB_INDEX_URL] = engineAuth(host, one);
  }
  return encode(configs);
}

/** URL-safe base64 with padding: the engine ignores, without a word, a header that does not decode as that. */
function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}
