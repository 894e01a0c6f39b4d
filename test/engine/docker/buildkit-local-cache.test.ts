import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { onFreshDaemon } from "./fresh-daemon.ts";

const { engine, folder } = buildFixture();
let daemon: BuildKitDaemonProcess;

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** What the commands of the build wrote, and what it warned of. */
async function run(options: BuildOptions, address = daemon.address): Promise<{ lines: string[]; warnings: string[] }> {
  const lines: string[] = [];
  const warnings: string[] = [];
  const build = engine.build({ builder: { address }, outputs: [{ type: "cacheonly" }], ...options });
  for await (const one of build) {
    if (one.kind === "log") lines.push(one.text);
    if (one.kind === "warning") warnings.push(one.text);
  }
  await build.done;
  return { lines, warnings };
}

/** The same on a daemon that has nothing. @param fewest lines that it writes when it takes all from the cache */
function runFresh(fewest: number, options: BuildOptions): ReturnType<typeof run> {
  return onFreshDaemon(
    (address) => run(options, address),
    ({ lines }) => lines.length <= fewest,
  );
}

/** A Dockerfile that no cache knows. */
function newDockerfile(): string {
  return [
    `FROM ${BASE_IMAGE} AS made`,
    `RUN echo made-${randomBytes(4).toString("hex")} | tee /f && head -c 3000000 /dev/urandom > /large`,
    `FROM ${BASE_IMAGE}`,
    "COPY --from=made /f /",
    "RUN echo last",
    "",
  ].join("\n");
}

async function tagsOf(dir: string): Promise<string[]> {
  const { manifests } = JSON.parse(await readFile(join(dir, "index.json"), "utf8")) as {
    manifests: { annotations: Record<string, string> }[];
  };
  return manifests.map(({ annotations }) => annotations["org.opencontainers.image.ref.name"]!);
}

/** BuildKit's own client. @returns what it printed of the build */
async function buildctl(address: string, context: string, ...args: string[]): Promise<string> {
  const command = process.env.NULLSPACE_BUILDCTL;
  if (!command) throw new Error("NULLSPACE_BUILDCTL is not set: start the tests with `npm test`, or name a buildctl");
  const local = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
  const { stderr } = await promisify(execFile)(command, [
    ...["--addr", address, "build", "--progress=plain", "--frontend", "dockerfile.v0"],
    ...[...local, ...args],
  ]);
  return stderr;
}

describe("a cache in a folder", () => {
  it.each(["max", "min"] as const)("of the mode %s serves a daemon that has nothing", async (mode) => {
    const dest = join(await folder({}), "made", "by the build");
    const fileobj = newDockerfile();
    expect((await run({ fileobj, cacheTo: { type: "local", dest, mode } })).lines).toHaveLength(2);
    const cacheFrom = { type: "local", src: dest } as const;
    const again = await runFresh(1, { fileobj: `${fileobj}RUN echo more\n`, cacheFrom });
    expect(again).toEqual({ lines: ["more"], warnings: [] });
    const stage = await runFresh(0, { fileobj, target: "made", cacheFrom });
    expect(stage.lines).toHaveLength(mode === "max" ? 0 : 1);
    expect((await readdir(dest)).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
  });

  it("serves buildctl, and takes what buildctl wrote", async () => {
    const [ours, theirs] = [await folder({}), await folder({})];
    const fileobj = newDockerfile();
    const context = await folder({ Dockerfile: fileobj });
    await run({ fileobj, cacheTo: { type: "local", dest: ours, mode: "max" } });
    const cached = await onFreshDaemon(
      async (address) => {
        const printed = await buildctl(
          address,
          context,
          ...["--import-cache", `type=local,src=${ours}`, "--export-cache", `type=local,dest=${theirs},mode=max`],
        );
        return printed.match(/^#\d+ CACHED$/gm)?.length ?? 0;
      },
      (count) => count >= 3,
    );
    expect(cached).toBeGreaterThanOrEqual(3);
    const cacheFrom = { type: "local", src: theirs } as const;
    expect(await runFresh(1, { fileobj: `${fileobj}RUN echo more\n`, cacheFrom })).toEqual({
      lines: ["more"],
      warnings: [],
    });
  });

  it("has a name in the folder: a later one takes its place, others stay", async () => {
    const dest = await folder({});
    const [one, other] = [newDockerfile(), newDockerfile()];
    await buildctl(
      daemon.address,
      await folder({ Dockerfile: one }),
      ...["--export-cache", `type=local,dest=${dest},mode=max,tag=theirs`],
    );
    const to = (tag?: string) => ({ type: "local", dest, mode: "max", ...(tag ? { tag } : {}) }) as const;
    await Promise.all([run({ fileobj: one, cacheTo: to() }), run({ fileobj: other, cacheTo: to("other") })]);
    await run({ fileobj: other, cacheTo: to() });
    expect((await tagsOf(dest)).toSorted()).toEqual(["latest", "other", "theirs"]);
    const from = (which: { tag?: string; digest?: string }) =>
      ({ fileobj: one, target: "made", cacheFrom: { type: "local", src: dest, ...which } }) as const;
    expect((await runFresh(0, from({}))).lines).toHaveLength(1);
    expect((await runFresh(0, from({ tag: "theirs" }))).lines).toEqual([]);
  });

  it("is written for two targets, each with what it holds", async () => {
    const [small, large] = [await folder({}), await folder({})];
    const fileobj = newDockerfile();
    const cacheTo = [
      { type: "local", dest: small, mode: "min" },
      { type: "local", dest: large, mode: "max" },
    ] as const;
    await run({ fileobj, cacheTo: [...cacheTo] });
    const stage = async (src: string) => {
      const { lines, warnings } = await runFresh(0, { fileobj, target: "made", cacheFrom: { type: "local", src } });
      return { runs: lines.length, warnings };
    };
    expect([await stage(small), await stage(large)]).toEqual([
      { runs: 1, warnings: [] },
      { runs: 0, warnings: [] },
    ]);
  });

  it("that is not there, or not whole, is a warning, and the build goes on without", async () => {
    const src = await folder({});
    const fileobj = newDockerfile();
    const cacheFrom = { type: "local", src } as const;
    const without = `The build goes on without the cache in ${src}.`;
    const first = await run({ fileobj, cacheFrom, cacheTo: { type: "local", dest: src } });
    expect(first).toEqual({
      lines: expect.any(Array),
      warnings: [`${src} has no cache of the name latest. ${without}`],
    });
    const digest = `sha256:${"0".repeat(64)}` as const;
    expect((await run({ fileobj, cacheFrom: { ...cacheFrom, digest } })).warnings[0]).toContain(digest);
    const blobs = join(src, "blobs", "sha256");
    const [blob] = await readdir(blobs);
    await truncate(join(blobs, blob!), 1);
    const { warnings } = await run({ fileobj, cacheFrom });
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`not whole: .*${blob}.*${without}`))]);
    // What is damaged is written again.
    await run({ fileobj, cacheTo: { type: "local", dest: src } });
    expect((await run({ fileobj, cacheFrom })).warnings).toEqual([]);
  });

  it("is not named when the build is cancelled while it is written", async () => {
    const dest = await folder({});
    const controller = new AbortController();
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN head -c 60000000 /dev/urandom > /${randomBytes(4).toString("hex")}\n`,
      builder: { address: daemon.address },
      outputs: [{ type: "cacheonly" }],
      cacheTo: { type: "local", dest, mode: "max" },
      signal: controller.signal,
    });
    const watching = setInterval(() => {
      if (existsSync(join(dest, "ingest"))) controller.abort(new Error("enough"));
    }, 5);
    await expect(build.done)
      .rejects.toThrow("enough")
      .finally(() => clearInterval(watching));
    expect(existsSync(join(dest, "index.json"))).toBe(false);
    await expect
      .poll(async () => (existsSync(join(dest, "ingest")) ? await readdir(join(dest, "ingest")) : []))
      .toEqual([]);
  });

  it("fails the build that cannot write it, and says which folder", async () => {
    const dest = await folder({});
    await mkdir(join(dest, "index.json"));
    await expect(run({ fileobj: newDockerfile(), cacheTo: { type: "local", dest } })).rejects.toMatchObject({
      code: "build_cache_failed",
      dest,
    });
    const linked = await folder({});
    await symlink("/etc", join(linked, "blobs"));
    for (const option of ["cacheTo", "cacheFrom"] as const) {
      const cache = option === "cacheTo" ? { dest: linked } : { src: linked };
      await expect(run({ fileobj: "FROM scratch", [option]: { type: "local", ...cache } })).rejects.toMatchObject({
        code: "invalid_docker_option",
        option,
      });
    }
  });

  it.each([
    ["cacheTo", { cacheTo: { type: "local", dest: "./c" } }],
    ["cacheFrom", { cacheFrom: [{ type: "local", src: "./c" }] }],
  ] as const)("is refused by an engine that has POST /build alone, as %s", async (option, options) => {
    const { apiVersion } = await engine.ping();
    if (Number(apiVersion.split(".")[1]) >= 53) return;
    const given = { fileobj: "FROM scratch", ...options } as unknown as BuildOptions;
    await expect(engine.build(given).done).rejects.toMatchObject({
      code: "unsupported_by_engine",
      feature: option,
      message: expect.stringMatching(new RegExp(`has no ${option} of the type local.*BuildKit daemon`)) as string,
    });
  });

  it.each<[string, Partial<BuildOptions>]>([
    [
      "two caches in one folder",
      {
        cacheTo: [
          { type: "local", dest: "./c" },
          { type: "local", dest: "c/" },
        ],
      },
    ],
    ["a tag and a digest", { cacheFrom: { type: "local", src: "c", tag: "a", digest: `sha256:${"0".repeat(64)}` } }],
    ["a digest that is none", { cacheFrom: { type: "local", src: "c", digest: "sha256:../../etc" } }],
    ["an attribute that is not the builder's", { cacheTo: { type: "local", dest: "c", attrs: { reset: "true" } } }],
  ])("is refused with %s", (_name, options) => {
    expect(() => engine.build({ fileobj: "FROM scratch", ...options })).toThrow(
      expect.objectContaining({ code: "invalid_docker_option" }),
    );
  });
});

it("the command takes folders as the docker command does", async () => {
  const context = await folder({ Dockerfile: newDockerfile() });
  const dest = join(context, "..", `cache-${randomBytes(4).toString("hex")}`);
  await writeFile(join(context, ".dockerignore"), "*");
  const command = (...args: string[]) =>
    promisify(execFile)(process.execPath, [
      ...["--conditions=nullspace-source", join(import.meta.dirname, "../../../bin/pulumi-nullspace.ts")],
      ...["docker", "build", context, "--progress", "plain", "-o", "type=cacheonly", ...args],
    ]);
  await command("--buildkit", daemon.address, "--cache-to", `type=local,dest=${dest},mode=max,tag=t`);
  const stderr = await onFreshDaemon(
    async (address) => (await command("--buildkit", address, "--cache-from", `type=local,src=${dest},tag=t`)).stderr,
    (printed) => /cached/i.test(printed),
  );
  expect(stderr).toMatch(/cached/i);
  await expect(command("--cache-from", "type=local,dest=x")).rejects.toThrow("in a cache of the type local");
});
