import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A step of an operation: a request that the provider makes. Ids and the row's prefix are left out of its key, so that
 * the same step of another run has the same key; `nth` counts requests of one key. Repeated reads are one step.
 */
export interface Step {
  key: string;
  nth: number;
}

/** A moment of an operation: before a request reaches the service, or after the service has answered it. */
export interface Moment extends Step {
  side: "before" | "after";
}

/** Between the provider and a service: writes down the steps, and can stop time at one of them. */
export class StepProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #prefix: string;
  readonly #counts = new Map<string, number>();
  /** Steps since the last `watch`. */
  steps: Step[] = [];
  #hold: { moment: Moment; met: (connection: { closed: Promise<void> }) => Promise<void> } | undefined;

  private constructor(server: Server, prefix: string) {
    this.#server = server;
    this.#prefix = prefix;
  }

  /** @param prefix of the names of the row, left out of the keys */
  static async start(target: string, prefix: string): Promise<StepProxy> {
    const server = createServer();
    const proxy = new StepProxy(server, prefix);
    server.on("request", (incoming, answer) => {
      const method = incoming.method ?? "GET";
      const path = incoming.url ?? "/";
      const closed = new Promise<void>((resolve) => answer.once("close", () => resolve()));
      const stop = proxy.#step(method, path);
      void (async () => {
        if (stop?.side === "before") await stop.met({ closed });
        if (incoming.socket.destroyed) return;
        const outgoing = request(target + path, { method, headers: incoming.headers }, (reply) => {
          void (async () => {
            if (stop?.side === "after") await stop.met({ closed });
            if (incoming.socket.destroyed) return void reply.destroy();
            answer.writeHead(reply.statusCode ?? 500, reply.headers);
            reply.pipe(answer);
          })();
        });
        outgoing.on("error", () => incoming.socket.destroy());
        // A step that is held after its answer has reached the service whole: it is not taken back.
        answer.on("close", () => void (stop?.side === "after" || outgoing.destroy()));
        incoming.pipe(outgoing);
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Begins a new operation, and stops time at a moment of it: the request is held until `met` has resolved. */
  watch(hold?: { moment: Moment; met: (connection: { closed: Promise<void> }) => Promise<void> }): void {
    this.steps = [];
    this.#counts.clear();
    this.#hold = hold;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #step(
    method: string,
    path: string,
  ): { side: Moment["side"]; met: (connection: { closed: Promise<void> }) => Promise<void> } | undefined {
    const key = `${method} ${this.#mask(path)}`;
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    // Polls: how many there are is a matter of time, not of the operation.
    if (method === "GET" && nth > 1) return undefined;
    this.steps.push({ key, nth });
    const hold = this.#hold;
    if (hold === undefined || hold.moment.key !== key || hold.moment.nth !== nth) return undefined;
    this.#hold = undefined;
    return { side: hold.moment.side, met: hold.met };
  }

  #mask(path: string): string {
    return decodeURIComponent(path.replace(/\?.*/, ""))
      .replaceAll(this.#prefix, "~")
      .replace(/\b(tb|tmpl|twp|blob|claim|m)_[0-9a-z]+/g, "$1_*")
      .replace(/pulumi-[0-9a-f-]+/g, "pulumi-*");
  }
}
