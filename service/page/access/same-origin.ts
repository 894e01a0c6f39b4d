import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a browser sent a form from a page of this service. What says so is `Sec-Fetch-Site`, which no page can set (Fetch
 * Metadata Request Headers, section 2.3). Where a browser does not send it, `Origin` does; it is `null` under the pages' own
 * `Referrer-Policy: no-referrer` (Fetch, "append a request `Origin` header"), so that alone it is not enough for every one.
 */
export function isSameOrigin({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  if (site !== undefined)
    return site === "same-origin" && (origin === undefined || origin === "null" || isOf(origin, host));
  return origin !== undefined && isOf(origin, host);
}

function isOf(origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin) || host === undefined) return false;
  const from = new URL(origin);
  // A default port is left out on one side, and may be written on the other.
  const to = new URL(`${from.protocol === "https:" ? "https" : "http"}://${host}`);
  return from.host === to.host;
}
