import net from "node:net";
import { listenOnLoopback, type LoopbackRelay } from "./loopback-relay.ts";

/** Stands between a client and a server that is slow for ever: after some bytes nothing comes through any more. */
export interface StallingRelay extends LoopbackRelay {
  /** Connections that are held back just now. */
  readonly stalled: number;
}

/**
 * Starts it on a free loopback port.
 *
 * @param connect opens the connection on which one goes on
 * @param direction which bytes are counted and held back: those that the client sends, or those that it is sent
 * @param afterBytes how many come through, of each connection
 */
export async function startStallingRelay(
  connect: () => net.Socket,
  direction: "to-server" | "to-client",
  afterBytes: number,
): Promise<StallingRelay> {
  const open = new Set<net.Socket>();
  const stalled = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect();
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => open.delete(socket));
    }
    client.once("close", () => {
      stalled.delete(client);
      upstream.destroy();
    });
    client.once("end", () => {
      if (stalled.has(client)) client.destroy();
    });
    // One that is held back never hears that the server is done.
    upstream.once("close", () => {
      if (!stalled.has(client)) client.destroy();
    });
    const [from, to] = direction === "to-server" ? [client, upstream] : [upstream, client];
    let bytes = 0;
    from.on("data", (chunk: Buffer) => {
      if (stalled.has(client)) return;
      bytes += chunk.length;
      if (bytes > afterBytes) stalled.add(client);
      else to.write(chunk);
    });
    from.once("end", () => {
      if (!stalled.has(client)) to.end();
    });
    to.pipe(from);
  });
  return {
    ...(await listenOnLoopback(server, open)),
    get stalled() {
      return stalled.size;
    },
  };
}
