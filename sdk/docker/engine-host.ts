import { DockerOptionError } from "./errors.ts";

/** Where an engine listens. */
export type EngineHost =
  | { kind: "unix"; path: string; display: string }
  | { kind: "tcp"; hostname: string; port: number; tls: boolean; display: string }
  | { kind: "ssh"; user?: string; hostname: string; port?: number; display: string };

/** Where Docker's own tools look when nothing says otherwise. */
export const DEFAULT_ENGINE_HOST = "unix:///var/run/docker.sock";

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads an engine address: `unix:///path`, `tcp://host:port`, `http(s)://host:port`, `ssh://user@host:port`, or
 * `host:port`. A `tcp` address without a port means 2375, with TLS 2376.
 *
 * @param useTls whether a `tcp` address is to be spoken to over TLS (DOCKER_TLS_VERIFY, or TLS files given)
 */
export function parseEngineHost(text: string, useTls = false): EngineHost {
  const address = text.trim();
  const scheme = /^([a-z0-9+.-]+):\/\//i.exec(address)?.[1]?.toLowerCase();
  switch (scheme) {
    case "unix": {
      const path = address.slice("unix://".length);
      if (path === "") throw badHost(text, "it names no socket");
      return { kind: "unix", path, display: `unix://${path}` };
    }
    case "tcp":
    case "http":
    case "https":
      return tcpHost(text, address.slice(scheme.length + 3), useTls || scheme === "https");
    case "ssh":
      return sshHost(text, address);
    case undefined:
      if (address.startsWith("/")) return { kind: "unix", path: address, display: `unix://${address}` };
      return tcpHost(text, address, useTls);
    default:
      throw badHost(text, `the scheme ${scheme} is not one of unix, tcp, http, https, ssh`);
  }
}

function tcpHost(text: string, authority: string, tls: boolean): EngineHost {
  const url = parseUrl(text, `http://${authority}`);
  if (url.username || url.password) throw badHost(text, "credentials do not belong in it");
  if (url.pathname !== "/" || url.search || url.hash) throw badHost(text, "a path is not supported");
  // URL drops the scheme's default port, so `tcp://host:80` arrives without one.
  const port = url.port
    ? Number(url.port)
    : /:80$/.test(authority.replace(/\/$/, ""))
      ? 80
      : tls
        ? TLS_PORT
        : PLAIN_PORT;
  return { kind: "tcp", hostname: bareAddress(url), port, tls, display: `tcp://${url.hostname}:${port}` };
}

function sshHost(text: string, address: string): EngineHost {
  const url = parseUrl(text, address);
  if (url.password) throw badHost(text, "a password does not belong in it: use a key or an agent");
  if ((url.pathname !== "" && url.pathname !== "/") || url.search || url.hash) {
    throw badHost(text, "a path is not supported");
  }
  // An argument that starts with a dash would be an option to the ssh command.
  if (url.hostname.startsWith("-") || url.username.startsWith("-")) throw badHost(text, "a name starts with a dash");
  return {
    kind: "ssh",
    hostname: bareAddress(url),
    ...(url.username ? { user: decodeURIComponent(url.username) } : {}),
    ...(url.port ? { port: Number(url.port) } : {}),
    display: address.replace(/\/$/, ""),
  };
}

/** What is dialled: an IPv6 address has brackets in an URL alone. */
function bareAddress({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function parseUrl(text: string, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url?.hostname) throw badHost(text, "it names no host");
  return url;
}

function badHost(text: string, reason: string): DockerOptionError {
  return new DockerOptionError(
    "host",
    `${JSON.stringify(text)} is not an engine address: ${reason}. ` +
      "Use unix:///path/to/docker.sock, tcp://host:port or ssh://user@host.",
  );
}
