import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface ApiRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  /** The body, which is JSON; undefined where there is none. */
  body: Record<string, unknown> | undefined;
}

export interface ApiAnswer {
  status: number;
  json: unknown;
  headers?: Record<string, string>;
}

/** A server on loopback that answers JSON with JSON. */
export class ApiServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(answer: (request: ApiRequest) => ApiAnswer): Promise<ApiServer> {
    const server = createServer(async (request, response) => {
      const sent = await text(request);
      const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
      const body = sent === "" ? undefined : (JSON.parse(sent) as Record<string, unknown>);
      const { status, json, headers } = answer({ method: request.method!, url, headers: request.headers, body });
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ApiServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One page of a list, with the `Link` to the next one, as both forges page. @param most of entries on a page */
export function page(all: readonly unknown[], url: URL, most: number): ApiAnswer {
  const size = Math.min(Number(url.searchParams.get("per_page") ?? 20), most);
  const number = Number(url.searchParams.get("page") ?? 1);
  const next = new URL(url);
  next.searchParams.set("page", String(number + 1));
  const isLast = number * size >= all.length;
  return {
    status: 200,
    json: all.slice((number - 1) * size, number * size),
    headers: isLast ? {} : { link: `<${next.href}>; rel="next"` },
  };
}
