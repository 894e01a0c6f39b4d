import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

const LOOPBACK = ["localhost", "127.0.0.1", "::1"];

/** Whether a `Host` header names this service. */
export type IsAllowedHost = (hostHeader: string) => boolean;

/**
 * Which names a request may be for. A page in a browser can have its own name lead to this machine (DNS rebinding), and is
 * then told apart by nothing but that name.
 *
 * @param options.listenHost where the service listens: a loopback address stands for all of them; one that means every
 *   address stands for none
 * @param options.names further ones, without port; also IP addresses
 * @param options.certificate whoever trusts it asks for a name of it
 */
export function allowedHosts(options: {
  listenHost: string;
  names?: readonly string[];
  certificate?: () => X509Certificate | undefined;
}): IsAllowedHost {
  const { listenHost, names = [], certificate } = options;
  const isLoopback = isLoopbackHost(listenHost);
  const known = new Set(
    [...(isLoopback ? LOOPBACK : []), ...(isEveryAddress(listenHost) ? [] : [listenHost]), ...names].map(normal),
  );
  return (hostHeader) => {
    const name = normal(withoutPort(hostHeader));
    if (known.has(name) || (isLoopback && isLoopbackHost(name))) return true;
    const shown = certificate?.();
    if (shown === undefined || name === "") return false;
    return (isIP(name) === 0 ? shown.checkHost(name) : shown.checkIP(name)) !== undefined;
  };
}

/** Whether only this machine reaches what listens there. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/i.test(host);
}

function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** RFC 3986, section 3.2.2: an IPv6 address stands in brackets. */
function withoutPort(hostHeader: string): string {
  return /^\[([^\]]*)\](?::\d*)?$/.exec(hostHeader)?.[1] ?? hostHeader.replace(/:\d*$/, "");
}

function normal(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
