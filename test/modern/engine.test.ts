import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine, ImageBuildCancelledError } from "../../sdk/docker/index.ts";
import { startBuildKitDaemon } from "../engine/docker/buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "../engine/docker/engine-fixture.ts";
import { startEngineFront } from "../engine/docker/engine-front.ts";
import { onFreshDaemon } from "../engine/docker/fresh-daemon.ts";
import { LOGIN, startPrivateRegistry } from "../engine/docker/private-registry.ts";

const engine = openEngine();
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "nullspace-modern-"));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

/** The engine with a look at what it is asked by HTTP/1.1. */
async function observed() {
  const socket = process.env.DOCKER_HOST?.slice("unix://".length) ?? "";
  const { engineApiVersion } = await engine.negotiate();
  const front = await startEngineFront({ apiVersion: engineApiVersion, http2: socket });
  const own = new DockerEngine({ host: `tcp://127.0.0.1:${front.port}` });
  return {
    own,
    requests: front.requests,
    async [Symbol.asyncDispose]() {
      await own.close();
      await front[Symbol.asyncDispose]();
    },
  };
}

async function logsOf(own: DockerEngine, options: BuildOptions): Promise<string[]> {
  const lines: string[] = [];
  const build = own.build({ noCache: true, outputs: [{ type: "cacheonly" }], ...options });
  for await (const one of build) if (one.kind === "log") lines.push(one.text);
  await build.done;
  return lines;
}

/** A Dockerfile that no cache knows, and a folder for its cache. */
async function cached(): Promise<{ fileobj: string; word: string; folder: string }> {
  const word = `kept-${randomBytes(4).toString("hex")}`;
  const folder = join(await mkdtemp(join(dir, "cache-")), "cache");
  return { word, fileobj: `FROM ${BASE_IMAGE}\nRUN echo ${word}\n`, folder };
}

describe("an engine of today", () => {
  it("is spoken to in the newest version that this client knows", async () => {
    expect(await engine.negotiate()).toMatchObject({
      apiVersion: "1.56",
      engineApiVersion: "1.56",
      builderVersion: "2",
    });
  });

  it("builds by gRPC on the socket of its API, and has the image under its names", async () => {
    await using seen = await observed();
    const [tag, plain] = [engine.imageName(), engine.imageName()];
    const names = [tag, plain.replace(/:1$/, "")];
    const context = await mkdtemp(join(dir, "context-"));
    await writeFile(join(context, "f"), "content");
    const dockerfileContent = `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN ls -A /c\nLABEL own=${tag}\n`;
    const logs: string[] = [];
    const build = seen.own.build({ path: context, dockerfileContent, tags: names, noCache: true });
    for await (const one of build) if (one.kind === "log") logs.push(one.text);
    const { imageId } = await build.done;
    expect(seen.requests).toEqual(["GET /_ping"]);
    // The Dockerfile was sent beside the context, not in it.
    expect(logs).toEqual(["f"]);
    expect((await engine.images.inspect(tag)).Id).toBe(imageId);
    expect((await engine.images.inspect(plain.replace(/:1$/, ":latest"))).Id).toBe(imageId);
    expect((await engine.images.inspect(imageId)).Config?.Labels).toEqual({ own: tag });
    await engine.images.remove(plain.replace(/:1$/, ":latest"));
  });

  it("gives secrets and agents to the commands that ask, and to nothing else", async () => {
    const agent = join(dir, "agent.sock");
    const server = createServer((socket) => socket.destroy()).listen(agent);
    await once(server, "listening");
    const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=s --mount=type=ssh cat /run/secrets/s && test -S $SSH_AUTH_SOCK && echo agent\nRUN test ! -e /run/secrets/s && echo gone\n`;
    const options = {
      fileobj,
      secrets: [{ id: "s", value: "open-sesame\n" }],
      ssh: [{ id: "default", socket: agent }],
    };
    expect(await logsOf(engine, options)).toEqual(["open-sesame", "agent", "gone"]);
    server.close();
  });

  it("resolves host-gateway as POST /build does", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN grep gate.example /etc/hosts | cut -f1\n`;
    const front = await startEngineFront({ apiVersion: "1.56" });
    const byHttp = new DockerEngine({ host: `tcp://127.0.0.1:${front.port}` });
    const tags = engine.imageName();
    const options = { fileobj, extraHosts: { "gate.example": "host-gateway" }, tags, outputs: undefined };
    const [address] = await logsOf(engine, options);
    expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(await logsOf(byHttp, options)).toEqual([address]);
    expect(front.requests).toContain("POST /session");
    await byHttp.close();
    await front[Symbol.asyncDispose]();
  });

  it("fails with the step, its line and its exit code, and stops when it is told to", async () => {
    const failing = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo before; exit 6\n`, noCache: true });
    await expect(failing.done).rejects.toMatchObject({ dockerfileLine: 2, exitCode: 6, logTail: ["before"] });
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 7654\n`, noCache: true });
    const reading = (async () => {
      for await (const one of build) if (one.kind === "log") await build.cancel();
    })();
    await expect(reading).rejects.toBeInstanceOf(ImageBuildCancelledError);
    await expect.poll(() => engine.processesWith("sleep 7654"), { timeout: 20_000 }).toEqual([]);
  });

  it.each(["local", "tar", "oci", "docker"] as const)("sends the output %s here", async (type) => {
    const folder = await mkdtemp(join(dir, "output-"));
    const dest = type === "local" ? folder : join(folder, "archive.tar");
    await engine.build({ fileobj: "FROM scratch\nCOPY Dockerfile /inside\n", outputs: [{ type, dest }] }).done;
    expect(await readdir(folder)).toEqual([type === "local" ? "inside" : "archive.tar"]);
  });

  it("pushes what it builds, with the credentials given, and starts from it", async () => {
    await using registry = await startPrivateRegistry({ tls: false });
    const name = `${registry.host}/team/base:1`;
    const auth = { [registry.host]: LOGIN };
    const outputs: BuildOptions["outputs"] = [{ type: "image", attrs: { name, push: "true" } }];
    await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo mine > /mine\n`, outputs, auth }).done;
    const fileobj = `FROM ${name}\nRUN cat /mine\n`;
    await engine.images.remove(name);
    await expect(logsOf(engine, { fileobj, pull: true })).rejects.toMatchObject({ code: "image_build_failed" });
    expect(await logsOf(engine, { fileobj, pull: true, auth })).toEqual(["mine"]);
  });

  it("keeps its cache in a folder that a BuildKit daemon takes it from", async () => {
    const { fileobj, word, folder } = await cached();
    const cacheTo = { type: "local", dest: folder, mode: "max" } as const;
    expect(await logsOf(engine, { fileobj, noCache: false, cacheTo })).toEqual([word]);
    const cacheFrom = { type: "local", src: folder } as const;
    const lines = await onFreshDaemon(
      (address) => logsOf(engine, { fileobj, noCache: false, cacheFrom, builder: { address } }),
      (written) => written.length === 0,
    );
    expect(lines).toEqual([]);
  });

  it("takes the cache that a BuildKit daemon keeps in a folder", async () => {
    await using daemon = await startBuildKitDaemon();
    const builder = { address: daemon.address };
    let lines: string[] = [];
    // Now and then BuildKit skips what it has imported (moby/buildkit#4674): each time with something that it does not have.
    for (let tried = 0; tried < 4 && (tried === 0 || lines.length > 0); tried++) {
      const { fileobj, word, folder } = await cached();
      const cacheTo = { type: "local", dest: folder, mode: "max" } as const;
      expect(await logsOf(engine, { fileobj, noCache: false, cacheTo, builder })).toEqual([word]);
      lines = await logsOf(engine, { fileobj, noCache: false, cacheFrom: { type: "local", src: folder } });
    }
    expect(lines).toEqual([]);
  });

  it("says how large its cache is", async () => {
    const before = await engine.buildCacheUsage();
    const fileobj = `FROM ${BASE_IMAGE}\nRUN dd if=/dev/urandom of=/x bs=1M count=4\n`;
    await engine.build({ fileobj, outputs: [{ type: "cacheonly" }], noCache: true }).done;
    const after = await engine.buildCacheUsage();
    expect(after!.totalBytes - before!.totalBytes).toBeGreaterThan(3_000_000);
    expect(after!.reclaimableBytes).toBeLessThanOrEqual(after!.totalBytes);
  });

  it("prunes its cache down to what is asked for", async () => {
    // Of an image that has been removed: the engine does not count what never was one.
    const fourMegabytes = async (name: string) => {
      const tags = engine.imageName();
      const fileobj = `FROM ${BASE_IMAGE}\nRUN dd if=/dev/urandom of=/x bs=1M count=4 && echo ${name}\n`;
      await engine.build({ fileobj, tags, noCache: true }).done;
      await engine.images.remove(tags);
    };
    await fourMegabytes("one");
    await fourMegabytes("two");
    // What may all stay is not touched; what must go, by one bound or the other, goes.
    expect(await engine.pruneBuilds({ all: true, reservedSpace: "500g" })).toMatchObject({ cachesDeleted: [] });
    expect(await engine.pruneBuilds({ all: true, maxUsedSpace: "500g" })).toMatchObject({ cachesDeleted: [] });
    const both = { all: true, maxUsedSpace: "500g" };
    expect(await engine.pruneBuilds({ ...both, minFreeSpace: 1 })).toMatchObject({ cachesDeleted: [] });
    const some = await engine.pruneBuilds({ all: true, maxUsedSpace: "6m" });
    expect(some.spaceReclaimedBytes).toBeGreaterThan(3_000_000);
    await fourMegabytes("three");
    const rest = await engine.pruneBuilds({ ...both, minFreeSpace: "900t" });
    expect(rest.spaceReclaimedBytes).toBeGreaterThan(3_000_000);
  });
});
