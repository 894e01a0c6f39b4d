import { once } from "node:events";
import net, { type AddressInfo } from "node:net";

/** A server of a test between a client and the engine. */
export interface LoopbackRelay extends AsyncDisposable {
  readonly port: number;
  /** Breaks every connection, as an engine does that is killed. */
  cut(): void;
  /** How many connections there are, on both sides of it. */
  connections(): number;
}

/** Listens on a free loopback port. `open` is every connection there is, which `cut` and the end break. */
export async function listenOnLoopback(server: net.Server, open: ReadonlySet<net.Socket>): Promise<LoopbackRelay> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    connections: () => open.size,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** A connection to the engine under test, or to another address of that form. */
export function connectToEngine(host = process.env.DOCKER_HOST ?? ""): net.Socket {
  if (host.startsWith("unix://")) return net.connect({ path: host.slice("unix://".length), allowHalfOpen: true });
  const { hostname, port } = new URL(host);
  return net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
}
