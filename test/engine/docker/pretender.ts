import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** What a pretender does; whatever it is not told to answer is 404. */
export interface Pretence {
  /** Headers of its answer to GET /_ping, beside those of an engine with API 1.41 on Linux. */
  ping?: Record<string, string>;
  /** Answers POST /build. */
  onBuild?: RequestListener;
  /** Answers everything else. */
  onOther?: RequestListener;
  /** Takes over a connection that is to leave HTTP. */
  onUpgrade?: (request: IncomingMessage, socket: Duplex) => void;
}

/** One request as it came. */
export interface SeenRequest {
  /** Method and path, without version and query, such as `POST /build`. */
  call: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

/** A server that says of itself what an engine says, and does with requests what a test wants: no real one can be made to. */
export interface Pretender extends AsyncDisposable {
  /** Its address, as DOCKER_HOST spells it. */
  readonly host: string;
  /** What it was asked, in order. */
  readonly requests: readonly SeenRequest[];
}

/** Starts one on a free loopback port. */
export async function startPretender({ ping, onBuild, onOther, onUpgrade }: Pretence): Promise<Pretender> {
  const requests: SeenRequest[] = [];
  const upgraded = new Set<Duplex>();
  const note = ({ method, url = "", headers }: IncomingMessage): string => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const call = `${method} ${pathname.replace(/^\/v[\d.]+/, "")}`;
    requests.push({ call, query: searchParams, headers });
    return call;
  };
  const server = createServer((request, response) => {
    const call = note(request);
    const answer = call === "POST /build" ? onBuild : onOther;
    if (call === "GET /_ping") response.writeHead(200, { "api-version": "1.41", ostype: "linux", ...ping }).end("OK");
    else if (answer) answer(request, response);
    else response.writeHead(404).end("{}");
  });
  if (onUpgrade) {
    server.on("upgrade", (request, socket) => {
      note(request);
      upgraded.add(socket);
      socket.on("error", () => socket.destroy());
      onUpgrade(request, socket);
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
