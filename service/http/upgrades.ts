import type { IncomingMessage } from "node:http";

/**
 * Whether a request becomes a WebSocket. Every other wish for another protocol is passed over (RFC 9110, section 7.8):
 * clients ask for HTTP/2 in this way with ordinary requests.
 */
export function isSocketUpgrade({ url = "", headers }: IncomingMessage): boolean {
  return (
    headers.upgrade?.toLowerCase() === "websocket" && /^\/v1\/(?:machines|sandboxes)\/[^/?]+\/ws(?:\?|$)/.test(url)
  );
}
