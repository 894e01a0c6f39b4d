import net from "node:net";
import tls from "node:tls";
import { connectToEngine, listenOnLoopback, type LoopbackRelay } from "./loopback-relay.ts";

/** Stands between the client and the engine, to cut, count, and encrypt. */
export interface EngineProxy extends LoopbackRelay {
  /** Bytes that went from the engine to the client. */
  readonly bytesToClient: number;
  /** Bytes that went from the client to the engine. */
  readonly bytesToEngine: number;
}

/**
 * Starts a proxy on a free loopback port. With `secure`, clients speak TLS to it.
 *
 * @param host what it stands before. Default the engine under test
 */
export async function startEngineProxy(secure?: tls.TlsOptions, host?: string): Promise<EngineProxy> {
  const open = new Set<net.Socket>();
  let bytesToClient = 0;
  let bytesToEngine = 0;
  const serve = (client: net.Socket) => {
    const engine = connectToEngine(host);
    for (const socket of [client, engine]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
      // Either end may go away; the other then goes too.
      socket.on("error", () => socket.destroy());
    }
    engine.on("data", (chunk: Buffer) => (bytesToClient += chunk.length));
    client.on("data", (chunk: Buffer) => (bytesToEngine += chunk.length));
    client.pipe(engine).pipe(client);
    client.once("close", () => engine.destroy());
    engine.once("close", () => client.end());
  };
  const server = secure
    ? tls.createServer({ ...secure, allowHalfOpen: true }, serve)
    : net.createServer({ allowHalfOpen: true }, serve);
  // Beneath TLS too, where a handshake that failed leaves a connection that `serve` never sees.
  server.on("connection", (socket: net.Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    ...(await listenOnLoopback(server, open)),
    get bytesToClient() {
      return bytesToClient;
    },
    get bytesToEngine() {
      return bytesToEngine;
    },
  };
}
