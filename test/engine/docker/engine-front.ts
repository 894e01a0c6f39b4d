import net from "node:net";
import { connectToEngine, listenOnLoopback, type LoopbackRelay } from "./loopback-relay.ts";

/** Stands before the engine under test, as an engine of another version. */
export interface EngineFront extends LoopbackRelay {
  /** What it was asked by HTTP/1.1 first on each connection: method and path, without version and query. */
  readonly requests: readonly string[];
}

export interface FrontOptions {
  /** The API version that it claims. */
  apiVersion: string;
  /** Socket that connections with HTTP/2 lead to; where it is absent, they are refused as HTTP/1.1 servers do. */
  http2?: string;
  /** Paths that it does not let through. */
  without?: readonly string[];
}

/** Every connection that begins so speaks HTTP/2 with prior knowledge (RFC 9113, section 3.4). */
const HTTP2_PREFACE = "PRI * HTTP/2.0";

/** Starts the front on a free loopback port. Each connection is looked at by its first request, and then passed on. */
export async function startEngineFront({ apiVersion, http2, without = [] }: FrontOptions): Promise<EngineFront> {
  const open = new Set<net.Socket>();
  const requests: string[] = [];
  const keep = (socket: net.Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const join = (client: net.Socket, first: Buffer, to: net.Socket) => {
    keep(to);
    to.write(first);
    client.pipe(to).pipe(client);
    client.once("close", () => to.destroy());
    to.once("close", () => client.end());
  };
  const refuse = (client: net.Socket, status: string, headers = "", body = "{}") => {
    client.end(`HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    client.once("data", (first: Buffer) => {
      const text = first.toString("latin1");
      if (text.startsWith(HTTP2_PREFACE)) {
        if (http2 === undefined) refuse(client, "400 Bad Request");
        else join(client, first, net.connect({ path: http2, allowHalfOpen: true }));
        return;
      }
      const [method = "", url = ""] = text.split(" ");
      const path = url.replace(/^\/v[\d.]+/, "").replace(/\?.*$/s, "");
      requests.push(`${method} ${path}`);
      if (path === "/_ping") refuse(client, "200 OK", `api-version: ${apiVersion}\r\nostype: linux\r\n`, "OK");
      else if (without.includes(path)) refuse(client, "404 Not Found");
      // The engine has its own opinion of the version in a path; without one it takes its newest.
      else join(client, Buffer.from(text.replace(/^(\S+ )\/v[\d.]+/, "$1"), "latin1"), connectToEngine());
    });
  });
  return { ...(await listenOnLoopback(server, open)), requests };
}
