import { DockerOptionError } from "../errors.ts";

/** Reads the address of a BuildKit daemon into what gRPC takes. `serverName` is absent for a socket of this machine. */
export function parseBuildKitAddress(address: string): { target: string; serverName?: string } {
  if (/^unix:\/\/\/./.test(address)) return { target: `unix:${address.slice("unix://".length)}` };
  const url =
    /^tcp:\/\//.test(address) && URL.canParse(address) ? new URL(address.replace(/^tcp:/, "http:")) : undefined;
  if (url?.hostname && url.port && url.pathname === "/") {
    return { target: `dns:${url.host}`, serverName: url.hostname };
  }
  throw new DockerOptionError(
    "builder",
    `${JSON.stringify(address)} is not the address of a BuildKit daemon. Use unix:///path/to/buildkitd.sock or tcp://host:port.`,
  );
}
