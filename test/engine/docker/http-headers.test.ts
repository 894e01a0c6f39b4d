import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { type Pretender, startPretender } from "./pretender.ts";

const IMAGE_ID = `sha256:${"a".repeat(64)}`;
const engine = openEngine();
let configDir: string;

beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), "nullspace-docker-config-"));
});
afterAll(async () => {
  await rm(configDir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

async function engineWith(HttpHeaders: Record<string, string>, host?: string): Promise<DockerEngine> {
  await writeFile(join(configDir, "config.json"), JSON.stringify({ HttpHeaders }));
  return new DockerEngine({ configDir, ...(host === undefined ? {} : { host, env: {} }) });
}

/** What an engine-like server is sent with each kind of request: plain, with a body, and those that leave HTTP. */
async function headersSent(HttpHeaders: Record<string, string>): Promise<[call: string, headers: object][]> {
  await using server = await startEngineLike();
  const own = await engineWith(HttpHeaders, server.host);
  expect((await own.build({ fileobj: "FROM x", builder: "buildkit" }).done).imageId).toBe(IMAGE_ID);
  expect((await own.containers.exec("c", { cmd: ["true"] })).exitCode).toBe(0);
  await own.images.list();
  await own.close();
  return server.requests.map(({ call, headers }) => {
    const { "x-docker-expose-session-uuid": _random, ...rest } = headers;
    return [call, rest];
  });
}

/** An engine that has a session, builds, and runs a command, as far as a client can tell. */
function startEngineLike(): Promise<Pretender> {
  return startPretender({
    onBuild: (request, response) => {
      request.resume().once("end", () => response.end(JSON.stringify({ aux: { ID: IMAGE_ID } })));
    },
    onOther: (request, response) => {
      request.resume();
      if (request.url!.endsWith("/containers/c/exec")) response.writeHead(201).end('{"Id":"e"}');
      else if (request.url!.endsWith("/exec/e/json")) response.end('{"Running":false,"ExitCode":0}');
      else response.end("[]");
    },
    onUpgrade: (request, socket) => {
      socket.write(`HTTP/1.1 101 UPGRADED\r\nconnection: Upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`);
      // The session stays open, and the command has nothing to say.
      if (request.url!.includes("/exec/")) socket.end();
    },
  });
}

describe("headers of Docker's configuration", () => {
  it("go with every request to the engine, and with those that turn into a stream", async () => {
    const sent = await headersSent({ "X-Meta-Source": "tests", authorization: "Bearer sesame" });
    expect(sent.map(([call]) => call)).toEqual([
      "GET /_ping",
      "POST /session",
      "POST /build",
      "POST /containers/c/exec",
      "POST /exec/e/start",
      "GET /exec/e/json",
      "GET /images/json",
    ]);
    for (const [call, headers] of sent)
      expect(headers, call).toMatchObject({ "x-meta-source": "tests", authorization: "Bearer sesame" });
  });

  it("never take the place of those that the client sets itself, in whatever spelling", async () => {
    const own = ["Host", "CONNECTION", "upgrade", "Keep-Alive", "Content-Length", "Transfer-Encoding", "Expect", "TE"];
    const configured = [...own, "Content-TYPE", "x-docker-expose-session-name"].map((name) => [name, "1"]);
    const plain = await headersSent({});
    const added = { "content-type": "1", "x-docker-expose-session-name": "1" };
    expect(await headersSent(Object.fromEntries(configured) as Record<string, string>)).toEqual(
      plain.map(([call, headers]) => [call, { ...added, ...headers }]),
    );
  });

  it("do not keep an engine from building, and from running a command", async () => {
    const own = await engineWith({ "X-Meta-Source": "tests", "User-Agent": "tests" });
    const tags = engine.imageName();
    const secrets = [{ id: "s", value: "over-here" }];
    const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=s,required cat /run/secrets/s > /s\n`;
    await own.build({ fileobj, tags, secrets }).done;
    const id = await engine.runContainer(["sleep", "1000"], tags);
    expect((await own.containers.exec(id, { cmd: ["cat", "/s"] })).stdout).toBe("over-here");
    await own.close();
  });
});
