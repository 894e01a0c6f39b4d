import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { digestOf, RegistryClient } from "../../../../service/artifacts/registry/registry-client.ts";
import { RegistryAwayError } from "../../../../service/artifacts/registry/registry-errors.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A registry that lets nobody in but at the given times. @param answer is told how often it was asked before */
async function busyRegistry(answer: (response: ServerResponse, before: number, body: Buffer) => void) {
  let asked = 0;
  const server = createServer(async (request, response) => answer(response, asked++, await buffer(request)));
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new RegistryClient({ host, isPlain: true, credentials: async () => undefined });
  return { client, asked: () => asked };
}

/** The header, in each of its forms, that asks for no pause. */
const AT_ONCE = ["0", "Thu, 01 Jan 1970 00:00:00 GMT"];

describe("a registry that is too busy", () => {
  it.each(AT_ONCE)("is asked again when it says so (Retry-After: %s), whichever status it has", async (when) => {
    const { client, asked } = await busyRegistry((response, before) => {
      const status = [429, 503][before] ?? 200;
      response.writeHead(status, status === 200 ? {} : { "retry-after": when }).end();
    });
    await client.ping();
    expect(asked()).toBe(3);
  });

  it("gets all of a layer again, and what it refused is not half of one", async () => {
    const content = Buffer.from("a layer");
    const digest = digestOf(content);
    const got: string[] = [];
    let isRefused = false;
    const { client } = await busyRegistry((response, _before, body) => {
      const { method } = response.req;
      if (method === "HEAD") return response.writeHead(404).end();
      if (method === "POST") return response.writeHead(202, { location: "/upload?state=1" }).end();
      got.push(body.toString());
      if (isRefused) return response.writeHead(201).end();
      isRefused = true;
      return response.writeHead(429, { "retry-after": "0" }).end();
    });
    await client.putBlob("a/b", { digest, size: content.length }, async () => Readable.from([content]));
    expect(got).toEqual(["a layer", "a layer"]);
  });

  it("is away when it stays so, and when it wants to be left alone for longer than a request may take", async () => {
    const always = await busyRegistry((response) => response.writeHead(429, { "retry-after": "0" }).end());
    await expect(always.client.ping()).rejects.toThrow(/too busy 5 times in a row \(HTTP status 429\)/);
    expect(always.asked()).toBe(5);
    const long = await busyRegistry((response) => response.writeHead(503, { "retry-after": "3600" }).end());
    await expect(long.client.ping()).rejects.toThrow(RegistryAwayError);
    await expect(long.client.ping()).rejects.toThrow("too busy for 3600 s");
    expect(long.asked()).toBe(2);
  });

  it("is not waited for when whoever asks gives up, or the service stops", async () => {
    let tell = () => {};
    const refused = new Promise<void>((resolve) => (tell = resolve));
    const { client, asked } = await busyRegistry((response) => {
      response.writeHead(429, { "retry-after": "15" }).end(tell);
    });
    const stop = new AbortController();
    const waiting = client.ping(stop.signal);
    await refused;
    stop.abort(new Error("not wanted any more"));
    await expect(waiting).rejects.toThrow("not wanted any more");
    expect(asked()).toBe(1);
  });

  it("that says nothing of another time (503) is away at once", async () => {
    const { client, asked } = await busyRegistry((response) => response.writeHead(503).end());
    await expect(client.ping()).rejects.toThrow("HTTP status 503");
    expect(asked()).toBe(1);
  });
});
