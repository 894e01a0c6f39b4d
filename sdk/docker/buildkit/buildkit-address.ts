import type { EngineHost } from "../engine-host.ts";
import { DockerOptionError } from "../errors.ts";

/** Reads the address of a BuildKit daemon. @param useTls whether its TCP port speaks TLS */
export function parseBuildKitAddress(address: string, useTls: boolean): EngineHost {
  if (/^unix:\/\/\/./.test(address)) return { kind: "unix", path: address.slice("unix://".length), display: address };
  const url =
    /^tcp:\/\//.test(address) && URL.canParse(address) ? new URL(address.replace(/^tcp:/, "http:")) : undefined;
  if (url?.hostname && url.port && url.pathname === "/") {
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    return { kind: "tcp", hostname, port: Number(url.port), tls: useTls, display: address };
  }
  throw new DockerOptionError(
    "builder",
    `${JSON.stringify(address)} is not the address of a BuildKit daemon. Use unix:///path/to/buildkitd.sock or tcp://host:port.`,
  );
}
