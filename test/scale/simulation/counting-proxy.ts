import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as plainRequest } from "node:http";
import { Agent, request as tlsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";

/** A front of an API server that counts what is asked of it. */
export interface CountingProxy extends AsyncDisposable {
  /** Where it listens: plain HTTP, loopback. */
  readonly url: string;
  /** Requests so far, by verb and resource as Kubernetes has them, e.g. `create pods`. */
  counts(): Map<string, number>;
}

/** Starts a proxy in front of an API server; who may do what is still the server's matter. */
export async function startCountingProxy(server: string, caFile: string): Promise<CountingProxy> {
  const upstream = new URL(server);
  const agent = new Agent({ keepAlive: true, ca: await readFile(caFile) });
  const ask = upstream.protocol === "https:" ? tlsRequest : plainRequest;
  const counts = new Map<string, number>();
  const proxy = createServer((incoming, answer) => {
    const { method = "GET", url = "/", headers } = incoming;
    const what = describe(method, new URL(url, upstream));
    counts.set(what, (counts.get(what) ?? 0) + 1);
    const outgoing = ask(new URL(url, upstream), { agent, method, headers: { ...headers, host: upstream.host } });
    outgoing.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      answer.flushHeaders();
      pipeline(response, answer, () => undefined);
    });
    outgoing.on("error", () => answer.destroy());
    // Whoever asks has gone: a watch would go on for minutes.
    answer.on("close", () => outgoing.destroy());
    pipeline(incoming, outgoing, () => undefined);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    counts: () => new Map(counts),
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
      agent.destroy();
    },
  };
}

/** The verb as the API server's own metrics have it, and the resource. */
function describe(method: string, { pathname, searchParams }: URL): string {
  const parts = pathname.split("/").filter(Boolean);
  const rest = parts.slice(parts[0] === "api" ? 2 : 3);
  const [resource = "", name, sub] = rest[0] === "namespaces" && rest.length > 2 ? rest.slice(2) : rest;
  const isWatch = ["1", "true"].includes(searchParams.get("watch") ?? "");
  const reads = isWatch ? "watch" : name === undefined ? "list" : "get";
  const verbs: Record<string, string> = { GET: reads, POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
  return `${verbs[method] ?? method} ${resource}${sub === undefined ? "" : `/${sub}`}`;
}
