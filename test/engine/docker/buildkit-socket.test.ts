import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine, ImageBuildCancelledError } from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { type EngineFront, startEngineFront } from "./engine-front.ts";

// Engines from API 1.53 on serve BuildKit's gRPC on the socket of their API. What distributions have is older, so that
// here a socket leads to two real servers: HTTP/2 to a BuildKit daemon, HTTP/1.1 to the engine, which claims API 1.53.
const engine = openEngine();
let daemon: BuildKitDaemonProcess;
let dir: string;
const open: AsyncDisposable[] = [];

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
  dir = await mkdtemp(join(tmpdir(), "nullspace-socket-"));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

async function front(
  options: Parameters<typeof startEngineFront>[0],
): Promise<{ own: DockerEngine; server: EngineFront }> {
  const server = await startEngineFront(options);
  const own = new DockerEngine({ host: `tcp://127.0.0.1:${server.port}` });
  open.push({ [Symbol.asyncDispose]: () => own.close() }, server);
  return { own, server };
}

const modern = () => front({ apiVersion: "1.53", http2: daemon.address.slice("unix://".length) });

async function logsOf(own: DockerEngine, options: BuildOptions): Promise<string[]> {
  const lines: string[] = [];
  const build = own.build({ builder: "buildkit", noCache: true, outputs: [{ type: "cacheonly" }], ...options });
  for await (const one of build) if (one.kind === "log") lines.push(one.text);
  await build.done;
  return lines;
}

describe("an engine that serves BuildKit on the socket of its API", () => {
  it("is built on by gRPC, with context, arguments and secrets", async () => {
    const { own, server } = await modern();
    const context = await mkdtemp(join(dir, "context-"));
    await writeFile(join(context, "f"), "from the context");
    const dockerfileContent = `FROM ${BASE_IMAGE}\nARG A\nCOPY f /f\nRUN --mount=type=secret,id=s cat /f && echo && echo $A && cat /run/secrets/s\n`;
    const options = { path: context, dockerfileContent, buildArgs: { A: "1" }, secrets: [{ id: "s", value: "open" }] };
    expect(await logsOf(own, options)).toEqual(["from the context", "1", "open"]);
    expect(server.requests).toEqual(["GET /_ping"]);
  });

  it("gives progress in the shape of every build, and fails as every build", async () => {
    const { own } = await modern();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo before; exit 6\n`;
    const build = own.build({ fileobj, builder: "buildkit", noCache: true, outputs: [{ type: "cacheonly" }] });
    const states: string[] = [];
    const reading = (async () => {
      for await (const one of build) if (one.kind === "step" && one.step.number === 2) states.push(one.step.state);
    })();
    const facts = { code: "image_build_failed", dockerfileLine: 2, exitCode: 6, logTail: ["before"] };
    await expect(reading).rejects.toMatchObject(facts);
    expect(states.filter((state) => state !== "pending")).toEqual(["started", "failed"]);
  });

  it("writes outputs here", async () => {
    const { own } = await modern();
    const dest = await mkdtemp(join(dir, "local-"));
    const fileobj = "FROM scratch\nCOPY Dockerfile /inside\n";
    await own.build({ fileobj, outputs: [{ type: "local", dest }] }).done;
    expect(await readdir(dest)).toEqual(["inside"]);
  });

  it("really stops when the build is cancelled", async () => {
    const { own } = await modern();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 6543\n`;
    const build = own.build({ fileobj, builder: "buildkit", noCache: true, outputs: [{ type: "cacheonly" }] });
    const reading = (async () => {
      for await (const one of build) if (one.kind === "log") await build.cancel();
    })();
    await expect(reading).rejects.toBeInstanceOf(ImageBuildCancelledError);
    await expect.poll(() => engine.processesWith("sleep 6543"), { timeout: 20_000 }).toEqual([]);
  });

  it("is lost when the connection breaks in the middle of a build", async () => {
    const { own, server } = await modern();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 6544\n`;
    const build = own.build({ fileobj, builder: "buildkit", noCache: true, outputs: [{ type: "cacheonly" }] });
    const reading = (async () => {
      for await (const one of build) if (one.kind === "log") server.cut();
    })();
    await expect(reading).rejects.toMatchObject({ code: "engine_connection_lost", host: own.host });
    await expect.poll(() => engine.processesWith("sleep 6544"), { timeout: 20_000 }).toEqual([]);
  });
});

describe("an engine that would serve it, behind a proxy that knows HTTP/1.1 alone", () => {
  it("is built on through a session, if the proxy lets that through", async () => {
    const { own, server } = await front({ apiVersion: "1.53" });
    const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=s cat /run/secrets/s\n`;
    const options = { fileobj, secrets: [{ id: "s", value: "open" }], tags: engine.imageName(), outputs: undefined };
    expect(await logsOf(own, options)).toEqual(["open"]);
    expect(server.requests).toContain("POST /session");
  });

  it("is refused a build that needs a session where there is none, with the versions and what to do", async () => {
    const { own } = await front({ apiVersion: "1.60", without: ["/session"] });
    const build = own.build({ fileobj: "FROM x", secrets: [{ id: "a", value: "b" }] });
    await expect(build.done).rejects.toMatchObject({ code: "unsupported_by_engine", feature: "secrets" });
    await expect(build.done).rejects.toThrow(/speaks API 1\.60 .* API 1\.53 or newer .* let one of the two through/);
    const tags = engine.imageName();
    await own.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL plain=1\n`, builder: "buildkit", tags }).done;
  });
});
