import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What a front does with a request: `undefined` passes it on, once it is known. */
export type Verdict = { readonly status: number; readonly headers?: Record<string, string> } | undefined;

/** Something in front of a registry that speaks no TLS: it sees every request, and may answer in its place. */
export interface RegistryFront extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
}

/** @param judge is asked about each request, before it goes on */
export async function startRegistryFront(
  registry: string,
  judge: (request: IncomingMessage) => Verdict | Promise<Verdict>,
): Promise<RegistryFront> {
  const server = createServer(async (incoming, response) => {
    const verdict = await judge(incoming);
    if (verdict !== undefined) {
      incoming.resume();
      return response.writeHead(verdict.status, verdict.headers).end();
    }
    const { method, url, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port: Number(registry.split(":")[1]), method, path: url, headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
