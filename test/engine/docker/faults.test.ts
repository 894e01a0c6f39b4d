import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { DockerEngine, EngineConnectionLostError, type ImageBuild } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { startEngineProxy } from "./engine-proxy.ts";
import { startPretender } from "./pretender.ts";

const engine = openEngine();
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});
afterAll(() => engine[Symbol.asyncDispose]());

function opened<T extends AsyncDisposable>(one: T): T {
  open.push(async () => one[Symbol.asyncDispose]());
  return one;
}

function engineAt(host: string, options: object = {}): DockerEngine {
  const one = new DockerEngine({ ...options, host, env: {} });
  open.push(() => one.close());
  return one;
}

/** An engine that does with builds what a test wants. */
async function pretender(onBuild: RequestListener, ping: Record<string, string> = {}): Promise<DockerEngine> {
  return engineAt(opened(await startPretender({ onBuild, ping })).host);
}

const read = async (build: ImageBuild) => {
  for await (const _ of build) continue;
};

describe.each(["buildkit", "classic"] as const)("a %s build", (builder) => {
  it("whose connection breaks in the middle fails, in the progress and in done", async () => {
    const proxy = opened(await startEngineProxy());
    const own = engineAt(`tcp://127.0.0.1:${proxy.port}`);
    const build = own.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 5432\n`, builder, noCache: true });
    const reading = (async () => {
      for await (const one of build) if (one.kind === "log") proxy.cut();
    })();
    await expect(reading).rejects.toBeInstanceOf(EngineConnectionLostError);
    await expect(build.done).rejects.toMatchObject({
      code: "engine_connection_lost",
      // An engine of today is asked by gRPC.
      request: expect.stringMatching(/^(POST \/v\d.\d+\/build|\/moby\.buildkit\.v1\.Control\/\w+)$/) as string,
    });
    await expect.poll(() => engine.processesWith("sleep 5432"), { timeout: 20_000 }).toEqual([]);
  });

  it("is not begun with a signal that has aborted", async () => {
    const reason = new Error("too late");
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\n`, builder, signal: AbortSignal.abort(reason) });
    await expect(build.done).rejects.toBe(reason);
  });

  it("stops sending when it is aborted while the context is on its way", async () => {
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    let sent = 0;
    const endless = Readable.from(
      (async function* () {
        yield tarHeader("huge", 2 ** 33 - 512);
        for (;;) {
          yield Buffer.alloc(65_536);
          if (++sent === 100) controller.abort(reason);
        }
      })(),
      { objectMode: false },
    );
    const build = engine.build({ context: endless, builder, signal: controller.signal });
    await expect(build.done).rejects.toBe(reason);
    expect(endless.destroyed).toBe(true);
  });

  it("stops sending when it is aborted while a folder is on its way, and fails with what breaks there", async () => {
    const path = await mkdtemp(join(tmpdir(), "nullspace-faults-"));
    open.push(() => rm(path, { recursive: true }));
    await writeFile(join(path, "Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY large /\n`);
    for (const [breakIt, expected] of [
      [(controller: AbortController) => controller.abort(new Error("enough")), { message: "enough" }],
      [() => truncate(join(path, "large"), 1_000), { code: "file_changed" }],
    ] as const) {
      await writeFile(join(path, "large"), randomBytes(64_000_000));
      const controller = new AbortController();
      const proxy = opened(await startEngineProxy());
      const own = engineAt(`tcp://127.0.0.1:${proxy.port}`);
      const failed = own.build({ path, builder, signal: controller.signal }).done.catch((cause: unknown) => cause);
      await expect.poll(() => proxy.bytesToEngine, { interval: 5, timeout: 30_000 }).toBeGreaterThan(1_000_000);
      await breakIt(controller);
      expect(await failed).toMatchObject(expected);
      expect(proxy.bytesToEngine).toBeLessThan(64_000_000);
    }
  });

  it("fails with the context's own error when the context breaks", async () => {
    const broken = Readable.from(
      (async function* () {
        yield tarHeader("file", 1_000_000);
        yield Buffer.alloc(512);
        throw new Error("the disk is on fire");
      })(),
      { objectMode: false },
    );
    await expect(engine.build({ context: broken, builder }).done).rejects.toThrow("the disk is on fire");
  });

  it("is held back by a slow reader instead of filling the memory", async () => {
    const proxy = opened(await startEngineProxy());
    const own = engineAt(`tcp://127.0.0.1:${proxy.port}`);
    // One file of a million lines for the classic builder; BuildKit clips its logs, so there many steps write.
    const command =
      builder === "classic" ? "yes a-line-of-output | head -n 1000000" : "yes a-line-of-output | head -n 40000";
    const fileobj = `FROM ${BASE_IMAGE}\n${`RUN ${command}\n`.repeat(builder === "classic" ? 1 : 8)}`;
    const build = own.build({ fileobj, builder, noCache: true, tags: engine.imageName() });
    const progress = build[Symbol.asyncIterator]();
    for (let one = await progress.next(); one.value?.kind !== "log"; one = await progress.next())
      expect(one.done).toBe(false);
    // Nobody reads now: the engine's stream must come to rest within what the sockets and one buffer hold.
    let before = -1;
    await expect.poll(() => before === (before = proxy.bytesToClient), { interval: 700, timeout: 30_000 }).toBe(true);
    const held = proxy.bytesToClient;
    let logs = 1;
    for await (const one of progress) if (one.kind === "log") logs++;
    await build.done;
    if (builder === "classic") {
      expect(logs).toBe(1_000_000);
      expect(held).toBeLessThan(proxy.bytesToClient / 2);
    } else expect(logs).toBeGreaterThan(40_000);
  });
});

describe("an engine that breaks its promises", () => {
  it.each([
    ["ends the stream without an image", '{"stream":"Step 1/1 : FROM x\\n"}\n', "image_build_cut_short"],
    ["ends it inside a record", '{"stream":"Step 1/1', "engine_protocol_error"],
    ["sends something else than JSON", "<html>gateway</html>", "engine_protocol_error"],
    ["sends a trace that is none", '{"id":"moby.buildkit.trace","aux":"/////w=="}\n', "engine_protocol_error"],
  ])("fails the build when it %s", async (_name, text, code) => {
    const own = await pretender((request, response) => {
      request.resume().once("end", () => response.end(text));
    });
    await expect(own.build({ fileobj: "FROM x", builder: "buildkit" }).done).rejects.toMatchObject({ code });
  });

  it("has its message told when it answers 500, of whatever kind it is", async () => {
    for (const [body, words] of [
      ['{"message":"no space left"}', "no space left"],
      ["<h1>Bad Gateway</h1>", "Bad Gateway"],
      ["", "HTTP status 500"],
    ]) {
      const own = await pretender(
        (request, response) => void request.resume().once("end", () => response.writeHead(500).end(body)),
      );
      await expect(own.build({ fileobj: "FROM x" }).done).rejects.toMatchObject({
        code: "image_build_failed",
        message: expect.stringContaining(words!) as string,
        cause: { status: 500 },
      });
    }
  });

  it("without sessions is refused for a build that has secrets", async () => {
    const own = await pretender(() => {});
    const build = own.build({ fileobj: "FROM x", secrets: [{ id: "a", value: "b" }] });
    await expect(build.done).rejects.toMatchObject({ code: "unsupported_by_engine", feature: "secrets" });
  });

  it("is refused when it is not an engine, or one from before all that is spoken here", async () => {
    const odd = await pretender(() => {}, { "api-version": "hello" });
    await expect(odd.images.list()).rejects.toMatchObject({ code: "engine_protocol_error" });
    const old = await pretender(() => {}, { "api-version": "1.20" });
    await expect(old.images.list()).rejects.toMatchObject({ code: "api_version_too_old", engineVersion: "1.20" });
  });

  it("is not asked to prune by options that it is too old for, and says which version it would take", async () => {
    const own = await pretender(() => {}, { "api-version": "1.47" });
    for (const option of ["reservedSpace", "maxUsedSpace", "minFreeSpace"]) {
      await expect(own.pruneBuilds({ [option]: "1g" })).rejects.toMatchObject({
        code: "api_version_too_old",
        requiredVersion: "1.48",
        engineVersion: "1.47",
        feature: `${option} of pruneBuilds`,
      });
    }
  });

  it("is waited for no longer than asked when it does not even say who it is, and asked again by the next call", async () => {
    let pings = 0;
    const server = createServer((_request, response) => {
      if (++pings > 1) response.writeHead(500).end("not today");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const own = engineAt(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(own.build({ fileobj: "FROM x", timeoutMs: 300 }).done).rejects.toMatchObject({
      code: "image_build_timeout",
    });
    await expect(own.build({ fileobj: "FROM x" }).done).rejects.toThrow("not today");
  });

  it("is waited for no longer than asked when it does not answer a build", async () => {
    const own = await pretender(() => {});
    await expect(own.build({ fileobj: "FROM x", timeoutMs: 300 }).done).rejects.toMatchObject({
      code: "image_build_timeout",
    });
  });
});

describe("a build", () => {
  it("can be read once", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL once=1\n`, tags: engine.imageName() });
    await read(build);
    expect(() => build.records()).toThrow("read once");
    await build.done;
  });
});

/** Header of a tar entry of `size` bytes. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\0" + "00", 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return header;
}
