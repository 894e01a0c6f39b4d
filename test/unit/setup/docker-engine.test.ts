import { createServer } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { callEngine, findStreamError, pingEngine } from "../../../scripts/setup/docker-api.mjs";
import { candidates } from "../../../scripts/setup/docker-engine.mjs";
import { socketFolder } from "../../socket-folder.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Where a test's own socket can be. */
function socket(name: string): string {
  const { path, remove } = socketFolder();
  onTestFinished(remove);
  return join(path, name);
}

/** A real HTTP server on a socket. */
async function listen(status: number, body: string, name = "engine.sock") {
  const path = socket(name);
  const server = createServer((_, response) => response.writeHead(status).end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return `unix://${path}`;
}

describe("an engine", () => {
  test("that answers tells its version", async () => {
    const host = await listen(200, '{"Version":"20.10.24","ApiVersion":"1.41"}');
    expect(await pingEngine(host, {})).toEqual({ isUp: true, version: "20.10.24", apiVersion: "1.41" });
  });

  test("is reached whatever its socket is called", async () => {
    for (const name of ['it\'s 100%20 "so".sock', "日本 🎉", "a#b?c=d&e", "C:\\[x]"]) {
      const host = await listen(200, '{"Version":"29.0.0","ApiVersion":"1.52"}', name);
      expect(await pingEngine(host, {})).toMatchObject({ isUp: true });
    }
  });

  test.each([
    ["answers with an error", () => listen(500, "no"), "it answers with status 500"],
    ["is not there", async () => "unix:///nonexistent/docker.sock", "connect ENOENT /nonexistent/docker.sock"],
    ["is reached in a way that is not spoken", async () => "ssh://host", "ssh:// is not spoken here"],
    ["answers in another language", () => listen(200, "<html>"), "is not valid JSON"],
    ["has a socket that the system cannot open", async () => `unix:///${"日".repeat(60)}`, "more than 107 bytes"],
    ["has an address that is none", async () => "docker.sock", "Invalid URL"],
  ])("that %s is not up, and says why", async (_, start, reason) => {
    const state = await pingEngine(await start(), {});
    expect(state).toEqual({ isUp: false, reason: expect.stringContaining(reason) });
  });

  test("that never answers is given up", async () => {
    const path = socket("engine.sock");
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(callEngine(`unix://${path}`, "/_ping", { env: {}, timeoutMs: 50 })).rejects.toThrow(/abort|timeout/i);
    server.closeAllConnections();
  });
});

test("an engine is looked for at DOCKER_HOST first, then at the sockets that are there", () => {
  const home = temporaryFolder();
  mkdirSync(join(home, ".docker/run"), { recursive: true });
  writeFileSync(join(home, ".docker/run/docker.sock"), "");
  const hosts = candidates({ DOCKER_HOST: "tcp://127.0.0.1:2375", HOME: home, XDG_RUNTIME_DIR: "/nonexistent" });
  expect(hosts[0]).toBe("tcp://127.0.0.1:2375");
  expect(hosts.at(-1)).toBe(`unix://${home}/.docker/run/docker.sock`);
  expect(hosts.join()).not.toContain("/nonexistent");
});

test("an error inside a stream of progress is found", () => {
  expect(findStreamError('{"status":"Pulling"}\r\n{"errorDetail":{"message":"denied"},"error":"denied"}\r\n')).toBe(
    "denied",
  );
  expect(findStreamError('{"status":"Pulling"}\r\n')).toBeUndefined();
});
