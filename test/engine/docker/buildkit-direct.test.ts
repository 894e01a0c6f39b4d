import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type BuildOptions,
  BuildKitUnreachableError,
  ImageBuildCancelledError,
  parseImageRef,
} from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { makeCertificates } from "./certificates.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { startEngineProxy } from "./engine-proxy.ts";
import { freePort, LOGIN, startPrivateRegistry } from "./private-registry.ts";

const engine = openEngine();
let dir: string;
let daemon: BuildKitDaemonProcess;
let tlsAddress: string;
let builder: { address: string };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "nullspace-direct-"));
  await makeCertificates(dir);
  tlsAddress = `tcp://127.0.0.1:${await freePort()}`;
  const tls = [
    "--tlscert",
    join(dir, "server.pem"),
    "--tlskey",
    join(dir, "server-key.pem"),
    "--tlscacert",
    join(dir, "ca.pem"),
  ];
  daemon = await startBuildKitDaemon(["--addr", tlsAddress, ...tls]);
  builder = { address: daemon.address };
}, 900_000);
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

async function logsOf(options: BuildOptions): Promise<string[]> {
  const lines: string[] = [];
  const build = engine.build({ builder, noCache: true, outputs: [{ type: "cacheonly" }], ...options });
  for await (const one of build) if (one.kind === "log") lines.push(one.text);
  await build.done;
  return lines;
}

describe("a build on a BuildKit daemon of its own", () => {
  it("is loaded into the engine under its names, with the id that it reports", async () => {
    const tags = [engine.imageName(), engine.imageName()];
    const context = await mkdtemp(join(dir, "context-"));
    await writeFile(join(context, "Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY data /data\nRUN cat /data\n`);
    // More than one message of the session holds.
    await writeFile(join(context, "data"), "x".repeat(5_000_000));
    const { imageId } = await engine.build({ path: context, builder, tags, labels: { a: "b" } }).done;
    for (const tag of tags) expect((await engine.images.inspect(tag)).Id).toBe(imageId);
    expect((await engine.images.inspect(imageId)).Config?.Labels).toMatchObject({ a: "b" });
  });

  it("fails in the step that failed, and not in the cache that was not there", async () => {
    await using registry = await startPrivateRegistry({ tls: false });
    const build = engine.build({
      builder,
      fileobj: `FROM ${BASE_IMAGE}\nRUN echo ${Math.random()} && exit 7\n`,
      cacheFrom: `${registry.host}/cache:1`,
      auth: { [registry.host]: LOGIN },
      outputs: [{ type: "cacheonly" }],
    });
    await expect(build.done).rejects.toMatchObject({
      exitCode: 7,
      dockerfileLine: 2,
      step: expect.stringContaining("RUN"),
    });
  });

  it("takes arguments, hosts, network, shared memory and secrets", async () => {
    const command =
      'echo "$A" && grep -c db.example /etc/hosts && ls /sys/class/net && df -k /dev/shm | awk "END {print \\$2}" && cat /run/secrets/s';
    const fileobj = `FROM ${BASE_IMAGE}\nARG A\nRUN --mount=type=secret,id=s ${command}\n`;
    const options = {
      buildArgs: { A: "1", B: null },
      extraHosts: { "db.example": "10.1.2.3" },
      networkMode: "none",
      shmSize: "16m",
    };
    expect(await logsOf({ fileobj, ...options, secrets: [{ id: "s", value: "open" }] })).toEqual([
      "1",
      "1",
      "lo",
      "16384",
      "open",
    ]);
  });

  it("fails as one on the engine does", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo before; exit 6\n`;
    await expect(engine.build({ fileobj, builder, noCache: true }).done).rejects.toMatchObject({
      code: "image_build_failed",
      dockerfileLine: 2,
      exitCode: 6,
      logTail: ["before"],
    });
    const unknown = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUM x\n`, builder });
    await expect(unknown.done).rejects.toMatchObject({ code: "image_build_failed", dockerfileLine: 2 });
  });

  it("really stops when it is cancelled", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 3210\n`, builder, noCache: true });
    const read = (async () => {
      for await (const one of build) if (one.kind === "log") await build.cancel();
    })();
    await expect(read).rejects.toBeInstanceOf(ImageBuildCancelledError);
    await expect.poll(() => engine.processesWith("sleep 3210"), { timeout: 20_000 }).toEqual([]);
  });

  it("says that it is the daemon whose connection broke", async () => {
    await using proxy = await startEngineProxy(undefined, daemon.address);
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 3210\n`;
    const address = `tcp://127.0.0.1:${proxy.port}`;
    const build = engine.build({ fileobj, builder: { address }, noCache: true });
    const read = (async () => {
      for await (const one of build) if (one.kind === "log") proxy.cut();
    })();
    await expect(read).rejects.toMatchObject({
      code: "engine_connection_lost",
      message: expect.stringMatching(
        /^The connection to the BuildKit daemon at .*See that the daemon is still/,
      ) as string,
    });
  });

  it("is pushed to a registry that the engine then pulls from", async () => {
    const { registry } = parseImageRef(BASE_IMAGE);
    const name = `${registry}/${engine.imageName()}`;
    const outputs: BuildOptions["outputs"] = [{ type: "image", attrs: { name, push: "true" } }];
    const { imageId, manifestDigest } = await engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nLABEL z=${name}\n`,
      builder,
      outputs,
    }).done;
    const byDigest = `${name.replace(/:1$/, "")}@${manifestDigest}`;
    await engine.images.pull(byDigest);
    // An engine that keeps its images in containerd knows them by their manifests.
    const inContainerd = (await engine.info()).DriverStatus?.some(([, value]) => value?.startsWith("io.containerd."));
    const Id = inContainerd ? manifestDigest : imageId;
    expect(await engine.images.inspect(byDigest)).toMatchObject({ Id, Config: { Labels: { z: name } } });
    await engine.images.remove(byDigest);
  });

  it("writes the root file system to a file, here and on the engine", async () => {
    for (const where of [builder, "buildkit"] as const) {
      const dest = join(dir, "rootfs.tar");
      const fileobj = `FROM scratch\nCOPY Dockerfile /inside-the-image\n`;
      await engine.build({ fileobj, builder: where, outputs: [{ type: "tar", dest }] }).done;
      expect((await readFile(dest)).includes("inside-the-image")).toBe(true);
      await rm(dest);
    }
  });

  it("starts from a private image with the credentials given, and not without", async () => {
    await using registry = await startPrivateRegistry({ tls: false });
    const image = `${registry.host}/team/base:1`;
    await engine.images.tag(BASE_IMAGE, image);
    await engine.images.push(image, { auth: LOGIN });
    await engine.images.remove(image);
    const fileobj = `FROM ${image}\nRUN echo inside\n`;
    await expect(logsOf({ fileobj })).rejects.toMatchObject({ code: "image_build_failed" });
    expect(await logsOf({ fileobj, auth: { [registry.host]: LOGIN } })).toEqual(["inside"]);
  });

  it("goes over TCP with certificates of both sides, and not without", async () => {
    const pem = (name: string) => readFile(join(dir, name));
    const tls = { ca: await pem("ca.pem"), cert: await pem("client.pem"), key: await pem("client-key.pem") };
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo over-tls\n`;
    expect(await logsOf({ fileobj, builder: { address: tlsAddress, tls } })).toEqual(["over-tls"]);
    const tags = engine.imageName();
    const { imageId } = await engine.build({ fileobj, builder: { address: tlsAddress, tls }, tags }).done;
    expect((await engine.images.inspect(tags)).Id).toBe(imageId);
    const stranger = logsOf({ fileobj, builder: { address: tlsAddress, tls: { ca: tls.ca } } });
    await expect(stranger).rejects.toMatchObject({
      code: expect.stringMatching(/^(buildkit_unreachable|engine_connection_lost)$/) as string,
    });
  });

  it.each([["unix:///no/such/socket"], ["tcp://127.0.0.1:1"]])("is refused at %s, where nobody is", async (address) => {
    const build = engine.build({ fileobj: "FROM x", builder: { address } });
    await expect(build.done).rejects.toBeInstanceOf(BuildKitUnreachableError);
  });

  it.each<[string, BuildOptions, string]>([
    ["an address that is none", { builder: { address: "http://x" } }, "is not the address of a BuildKit daemon"],
    ["limits of the classic builder", { containerLimits: { memory: 1 } }, "BuildKit has no containerLimits"],
  ])("is refused with %s", async (_name, options, reason) => {
    await expect(engine.build({ fileobj: "FROM x", builder, ...options }).done).rejects.toThrow(reason);
  });
});
