import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RegistryCredentials, type RegistryAuth } from "../../../../sdk/docker/index.ts";
import { digestOf, RegistryClient } from "../../../../service/artifacts/registry/registry-client.ts";
import { RegistryAwayError, RegistryError } from "../../../../service/artifacts/registry/registry-errors.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A registry of the test's own, for what a real one cannot be made to do. @returns its host and port */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(host: string, auth?: RegistryAuth): RegistryClient {
  return new RegistryClient({
    host,
    isPlain: true,
    credentials: async () => auth && new RegistryCredentials(auth),
  });
}

describe("a client of a registry", () => {
  it("gets a token for what it is about, once, and comes with it", async () => {
    const asked: string[] = [];
    const host = await serve((request, response) => {
      const url = new URL(request.url ?? "", `http://${request.headers.host}`);
      if (url.pathname === "/token") {
        asked.push(`${request.headers.authorization} ${url.searchParams.getAll("scope").join(" ")}`);
        response.end(JSON.stringify({ token: "good", expires_in: 300 }));
      } else if (request.headers.authorization === "Bearer good") {
        response.setHeader("docker-content-digest", `sha256:${"a".repeat(64)}`).end();
      } else {
        const challenge = `Bearer realm="http://${request.headers.host}/token",service="s",scope="repository:a/b:pull"`;
        response.writeHead(401, { "www-authenticate": challenge }).end();
      }
    });
    const registry = client(host, { username: "robin", password: "sesame" });
    for (const tag of ["1", "2"]) expect(await registry.digest("a/b", tag)).toBe(`sha256:${"a".repeat(64)}`);
    expect(asked).toEqual([`Basic ${Buffer.from("robin:sesame").toString("base64")} repository:a/b:pull`]);
  });

  it("leaves its credentials behind where it is led to another host", async () => {
    const content = Buffer.from("content");
    let seen: string | undefined = "not asked";
    const store = await serve((request, response) => {
      seen = request.headers.authorization;
      response.end(content);
    });
    const host = await serve((request, response) => {
      if (request.headers.authorization === undefined) {
        return response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
      }
      return response.writeHead(307, { location: `http://${store}/blob?signature=x` }).end();
    });
    const registry = client(host, { username: "robin", password: "sesame" });
    expect(await registry.smallBlob("a/b", digestOf(content))).toEqual(content);
    expect(seen).toBeUndefined();
  });

  it("is not led without end, and takes no more than it wants", async () => {
    const endless = await serve((request, response) => {
      response.writeHead(307, { location: `http://${request.headers.host}${request.url}x` }).end();
    });
    await expect(client(endless).ping()).rejects.toThrow(RegistryAwayError);
    const large = await serve((_request, response) => {
      response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json");
      const more = () => {
        while (response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    await expect(client(large).manifest("a/b", "1")).rejects.toThrow("more than");
  });

  it("believes no digest that it has not computed", async () => {
    const host = await serve((_request, response) => void response.end("{}"));
    const digest = `sha256:${"0".repeat(64)}`;
    await expect(client(host).manifest("a/b", digest)).rejects.toThrow("another digest");
    await expect(client(host).smallBlob("a/b", digest)).rejects.toThrow("another digest");
  });

  it("tells what a registry says, on one line, and nothing of what it was sent", async () => {
    const host = await serve((_request, response) => {
      const errors = [{ code: "DENIED", message: "no\nroom\tleft" }];
      response.writeHead(403).end(JSON.stringify({ errors }));
    });
    const error = await client(host, { username: "robin", password: "sesame" })
      .ping()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ status: 403, registryCode: "DENIED", isAboutCredentials: true });
    expect((error as Error).message).toContain("DENIED: no room left (HTTP status 403)");
    expect(JSON.stringify(error) + String(error)).not.toContain("sesame");
  });

  it("sends a password to no authorization service that is reached in the clear", async () => {
    const host = await serve((_request, response) => {
      response.writeHead(401, { "www-authenticate": 'Bearer realm="http://auth.example/token"' }).end();
    });
    const registry = client(host, { username: "robin", password: "sesame" });
    await expect(registry.ping()).rejects.toThrow("without HTTPS");
  });

  it("follows pages of tags, at its own registry alone", async () => {
    const host = await serve((request, response) => {
      const url = new URL(request.url ?? "", "http://registry");
      const isLast = url.searchParams.has("last");
      if (!isLast) response.setHeader("link", '<http://elsewhere.example/v2/a/b/tags/list?last=one&n=1>; rel="next"');
      response.end(JSON.stringify({ name: "a/b", tags: [isLast ? "two" : "one"] }));
    });
    expect(await client(host).tags("a/b")).toEqual(["one", "two"]);
  });

  it("says that nothing listens, and ends what is under way when it is closed", async () => {
    await expect(client("127.0.0.1:1").ping()).rejects.toThrow("nothing listens there");
    const silent = await serve(() => undefined);
    const registry = client(silent);
    const waiting = registry.ping();
    registry.close();
    await expect(waiting).rejects.toThrow("the service stops");
  });
});
