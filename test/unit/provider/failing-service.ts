import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A service that gives every request the same answer, or none. */
export class FailingService implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  #requests = 0;
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param answer absent: requests are taken and never answered */
  static async start(answer?: { status: number; body: unknown }): Promise<FailingService> {
    const server = createServer((_request, response) => {
      service.#count();
      if (answer === undefined) return;
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const service = new FailingService(server);
    return service;
  }

  /** Resolves when so many requests have come. */
  received(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
      this.#tell();
    });
  }

  #count(): void {
    this.#requests++;
    this.#tell();
  }

  #tell(): void {
    for (const { count, resolve } of this.#waiting) if (this.#requests >= count) resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
