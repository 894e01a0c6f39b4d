import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { NullspaceClient, type NullspaceClientOptions } from "../../../sdk/client/index.ts";

/** A request that reached the server, read whole. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Answers one request; `attempt` counts the requests to this method and path, from 1. */
export type Handler = (request: SeenRequest, response: ServerResponse, attempt: number) => void | Promise<void>;

/** A real HTTP server on loopback whose answers, and faults, a test writes. */
export interface ScriptedServer extends AsyncDisposable {
  url: string;
  seen: SeenRequest[];
  client: (options?: NullspaceClientOptions) => NullspaceClient;
}

/** A key that no other text contains, to look for in messages. */
export const KEY = "ns_live_0123456789abcdef";

/** Starts a server with one handler per `METHOD /path` (query left out), or one for everything. */
export async function scriptedServer(handlers: Record<string, Handler> | Handler): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const attempts = new Map<string, number>();
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const request = {
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      seen.push(request);
      const route = `${request.method} ${request.url.split("?")[0]}`;
      const attempt = (attempts.get(route) ?? 0) + 1;
      attempts.set(route, attempt);
      const handler = typeof handlers === "function" ? handlers : handlers[route];
      if (handler === undefined) json(response, 404, { error: `no handler for ${route}`, code: "not_found" });
      else await handler(request, response, attempt);
    })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: NullspaceClient[] = [];
  return {
    url,
    seen,
    client(options = {}) {
      const client = new NullspaceClient({ apiKey: KEY, baseUrl: url, env: {}, ...options });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

const AT = "2026-01-02T03:04:05Z";

/** The smallest build that the contract allows. */
export function build(status = "waiting", id = "tb_1"): Record<string, unknown> {
  return { build_id: id, template_id: "tmpl_1", name: "n", tags: [], status, created_at: AT, updated_at: AT };
}

/** A log entry at an offset. */
export function entry(offset: number, kind = "message", id = "tb_1"): Record<string, unknown> {
  return { build_id: id, template_id: "tmpl_1", offset, timestamp: AT, kind, level: "info", message: `line ${offset}` };
}

/** An entry as the service frames it. */
export function frame(value: unknown): string {
  return `id: 1\nevent: log\ndata: ${JSON.stringify(value)}\n\n`;
}
