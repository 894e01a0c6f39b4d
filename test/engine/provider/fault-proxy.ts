import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What to do with a request on its way. The last two are of a gateway in between, after the service has done its work. */
export type Fault = "lose-answer" | "lose-request" | "bad-gateway" | "gateway-timeout";

const GATEWAY_STATUS = { "bad-gateway": 502, "gateway-timeout": 504 } as const;

/** Picks the requests that meet a fault. */
export type FaultRule = (method: string, path: string) => Fault | undefined;

/** A connection that loses what a test tells it to, between a client and a real service. */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  /** Requests that passed through, `METHOD /path`. */
  readonly seen: string[] = [];
  rule: FaultRule = () => undefined;
  /** Where requests go to; another service may take its place. */
  target: string;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.target = target;
  }

  static async start(target: string): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server, target);
    server.on("request", (incoming, answer) => {
      const method = incoming.method ?? "GET";
      const path = incoming.url ?? "/";
      proxy.seen.push(`${method} ${path}`);
      const fault = proxy.rule(method, path);
      if (fault === "lose-request") {
        incoming.socket.destroy();
        return;
      }
      const outgoing = request(proxy.target + path, { method, headers: incoming.headers }, (reply: IncomingMessage) => {
        if (fault === "lose-answer") {
          // The service has done its work by the time it answers; the client never hears of it.
          reply.resume().on("end", () => incoming.socket.destroy());
          return;
        }
        if (fault === "bad-gateway" || fault === "gateway-timeout") {
          reply.resume().on("end", () => answer.writeHead(GATEWAY_STATUS[fault]).end("<html>gateway</html>"));
          return;
        }
        answer.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(answer);
      });
      outgoing.on("error", () => incoming.socket.destroy());
      answer.on("close", () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Applies a fault to the first request that matches, and to no other. */
  once(fault: Fault, method: string, path: RegExp): void {
    let met = false;
    this.rule = (seenMethod, seenPath) => {
      if (met || seenMethod !== method || !path.test(seenPath)) return undefined;
      met = true;
      return fault;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
