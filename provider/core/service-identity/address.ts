const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Do both addresses lead to the same place, however they are written? Names are not looked up. */
export function isSameAddress(left: string, right: string): boolean {
  return normalize(left) === normalize(right);
}

function normalize(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  const host = LOOPBACK_HOSTS.includes(url.hostname) ? "localhost" : url.hostname.replace(/\.$/, "");
  const port = url.port || (DEFAULT_PORTS[url.protocol] ?? "");
  return `${url.protocol}//${host}:${port}${url.pathname.replace(/\/+$/, "")}`;
}
