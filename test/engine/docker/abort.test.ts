import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { compareApiVersions } from "../../../sdk/docker/api-version.ts";
import { type BuildOptions, DockerEngine, type ImageBuild } from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { startEngineProxy } from "./engine-proxy.ts";
import { connectToEngine } from "./loopback-relay.ts";
import { LOGIN, type PrivateRegistry, startPrivateRegistry } from "./private-registry.ts";
import { type StallingRelay, startStallingRelay } from "./stalling-relay.ts";

// What is on the way to an engine is aborted in faults.test.ts, a command that runs there in build.test.ts and its like.
const engine = openEngine();
let daemon: BuildKitDaemonProcess;
let dir: string;
let registry: PrivateRegistry;
const open: AsyncDisposable[] = [];

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
  dir = await mkdtemp(join(tmpdir(), "nullspace-abort-"));
  registry = await startPrivateRegistry({ tls: false });
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
  await daemon[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

function opened<T extends AsyncDisposable>(one: T): T {
  open.push(one);
  return one;
}

/** The engine under test through something that stands before it. */
function engineAt(port: number): DockerEngine {
  const own = new DockerEngine({ host: `tcp://127.0.0.1:${port}`, env: {} });
  open.push({ [Symbol.asyncDispose]: () => own.close() });
  return own;
}

/** A build that is aborted when `when` has come, and how it ended. */
async function aborted(begin: (signal: AbortSignal) => ImageBuild, when: () => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController();
  const ending = begin(controller.signal).done.then(
    () => "an image",
    (error: unknown) => error,
  );
  // One that ends before says why, instead of a wait for what will not come.
  await Promise.race([when(), ending.then((end) => expect(end).toBe("still under way"))]);
  const reason = new Error("aborted by the test");
  controller.abort(reason);
  const end = await ending;
  return end === reason ? "aborted" : end;
}

const builders: [string, () => BuildOptions["builder"]][] = [
  ["the engine's BuildKit", () => "buildkit"],
  ["the classic builder", () => "classic"],
  ["a BuildKit daemon", () => ({ address: daemon.address })],
];

async function speaksGrpc(builder: BuildOptions["builder"]): Promise<boolean> {
  if (builder !== "buildkit") return typeof builder === "object";
  const { engineApiVersion } = await engine.negotiate();
  return compareApiVersions(engineApiVersion, "1.53") >= 0;
}

describe.each(builders)("a build with %s that nobody reads", (_name, builder) => {
  it.each(["cancelled", "aborted"])("leaves no connection open when it is %s", async (how) => {
    const given = builder();
    const proxy = opened(await startEngineProxy(undefined, typeof given === "object" ? given.address : undefined));
    const address = `tcp://127.0.0.1:${proxy.port}`;
    const own = typeof given === "object" ? engine : engineAt(proxy.port);
    const fileobj = `FROM ${BASE_IMAGE}\nRUN sleep 3333\n`;
    const controller = new AbortController();
    const options = { builder: typeof given === "object" ? { address } : given, signal: controller.signal };
    const build = own.build({ fileobj, noCache: true, ...options });
    // By HTTP/1.1, a session and a request for a build; gRPC says who it is, and then waits for somebody who reads.
    const enough = (await speaksGrpc(given)) ? 50 : 500;
    await expect.poll(() => proxy.bytesToEngine, { timeout: 10_000 }).toBeGreaterThan(enough);
    if (how === "cancelled") await build.cancel();
    else controller.abort(new Error("aborted by the test"));
    // What a client keeps open for its next request ends with it.
    if (own !== engine) await own.close();
    await expect.poll(() => proxy.connections(), { timeout: 5_000 }).toBe(0);
    await expect(build.done).rejects.toThrow(how);
  });
});

describe.each(builders)("a build with %s that is aborted", (_name, builder) => {
  it("while its folder is read has sent nothing of it", async () => {
    const path = await mkdtemp(join(dir, "huge-"));
    await writeFile(join(path, "Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY huge /\n`);
    await writeFile(join(path, "huge"), "");
    // Seconds of reading, and no disk. BuildKit's files are read beforehand where their times say too little.
    await truncate(join(path, "huge"), 8 * 2 ** 30);
    await utimes(join(path, "huge"), 1_000_000_000, 1_000_000_000);
    const proxy = opened(await startEngineProxy());
    const own = engineAt(proxy.port);
    const end = await aborted(
      (signal) => own.build({ path, builder: builder(), signal }),
      () => new Promise((resolve) => setTimeout(resolve, 300)),
    );
    expect(end).toBe("aborted");
    expect(proxy.bytesToEngine).toBeLessThan(10_000);
  });

  it("while its base image is pulled ends the pull", async () => {
    // Made where it is not pulled to: a layer that is there already would not be pulled.
    const context = await mkdtemp(join(dir, "base-"));
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY layer /\n");
    await writeFile(join(context, "layer"), randomBytes(5_000_000));
    const pushed = `${registry.host}/team/large:${randomBytes(4).toString("hex")}`;
    if (typeof builder() === "object") {
      await engine.build({ path: context, tags: pushed }).done;
      await engine.images.push(pushed, { auth: LOGIN });
      await engine.images.remove(pushed);
    } else {
      const outputs: BuildOptions["outputs"] = [{ type: "image", attrs: { name: pushed, push: "true" } }];
      const auth = { [registry.host]: LOGIN };
      await engine.build({ path: context, builder: { address: daemon.address }, outputs, auth }).done;
    }
    const port = Number(registry.host.split(":")[1]);
    const relay = opened(
      await startStallingRelay(
        () => net.connect({ host: "127.0.0.1", port, allowHalfOpen: true }),
        "to-client",
        1_000_000,
      ),
    );
    const image = pushed.replace(registry.host, `127.0.0.1:${relay.port}`);
    const auth = { [`127.0.0.1:${relay.port}`]: LOGIN };
    const fileobj = `FROM ${image}\nCOPY Dockerfile /\n`;
    const end = await aborted(
      (signal) => engine.build({ fileobj, auth, builder: builder(), pull: true, signal }),
      () => hasStalled(relay),
    );
    expect(end).toBe("aborted");
    // The classic builder gives the pull up, and leaves the connection until it is told something there, whoever aborts.
    if (builder() === "classic") relay.cut();
    await expect.poll(() => relay.stalled, { timeout: 20_000 }).toBe(0);
    await expect(engine.images.inspect(image)).rejects.toMatchObject({ code: "engine_not_found" });
  });
});

const hasStalled = (relay: StallingRelay) => expect.poll(() => relay.stalled, { timeout: 30_000 }).toBeGreaterThan(0);

describe("a build that is aborted while its result is on the way", () => {
  it("from a BuildKit daemon to the engine is no image there, and not under way on the daemon", async () => {
    const context = await mkdtemp(join(dir, "result-"));
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY layer /\n");
    await writeFile(join(context, "layer"), randomBytes(5_000_000));
    const relay = opened(await startStallingRelay(connectToEngine, "to-server", 1_000_000));
    const own = engineAt(relay.port);
    const tags = engine.imageName();
    const build = { path: context, tags, builder: { address: daemon.address } };
    const end = await aborted(
      (signal) => own.build({ ...build, signal }),
      () => hasStalled(relay),
    );
    expect(end).toBe("aborted");
    await expect(engine.images.inspect(tags)).rejects.toMatchObject({ code: "engine_not_found" });
    expect(daemon.log()).not.toMatch(/panic/);
    expect((await engine.build(build).done).imageId).toMatch(/^sha256:/);
  });

  it.each([
    ["an archive", "tar" as const, "out.tar"],
    ["files of a folder", "local" as const, "out"],
  ])("to %s here ends the transfer, and leaves no half of an archive", async (_name, type, name) => {
    const context = await mkdtemp(join(dir, "result-"));
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY layer /\n");
    await writeFile(join(context, "layer"), randomBytes(5_000_000));
    const relay = opened(await startStallingRelay(connectToEngine, "to-client", 1_000_000));
    const own = engineAt(relay.port);
    const folder = await mkdtemp(join(dir, "out-"));
    const end = await aborted(
      (signal) => own.build({ path: context, outputs: [{ type, dest: join(folder, name) }], signal }),
      () => hasStalled(relay),
    );
    expect(end).toBe("aborted");
    await expect.poll(() => relay.stalled).toBe(0);
    if (type === "tar") await expect.poll(() => readdir(folder)).toEqual([]);
  });
});
