import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
let daemon: BuildKitDaemonProcess;
let dir: string;
let context: string;
let outside: string;

const dockerfile = `FROM ${BASE_IMAGE}\nCOPY . /all\nRUN cd /all && find . -type f | sort\n`;

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
  dir = await mkdtemp(join(tmpdir(), "nullspace-dockerfile-"));
  context = join(dir, "context");
  outside = join(dir, "elsewhere.Dockerfile");
  await mkdir(join(context, "sub"), { recursive: true });
  for (const name of ["mine", "sub/one", "sub/left-out"]) await writeFile(join(context, name), name);
  await writeFile(join(context, ".dockerignore"), "sub/left-out\n");
  await writeFile(outside, dockerfile);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

describe.each([
  ["a BuildKit daemon", () => ({ address: daemon.address })],
  ["the engine's BuildKit", () => "buildkit" as const],
])("a Dockerfile that is not of the context, on %s,", (_name, builder) => {
  it.each<[string, () => Promise<BuildOptions> | BuildOptions]>([
    ["as a file elsewhere", () => ({ path: context, dockerfile: outside })],
    ["as text, compressed", () => ({ path: context, dockerfileContent: dockerfile, gzip: true })],
    [
      "of a context that was read before",
      async () => ({ context: await readContext({ dir: context, dockerfile: outside }) }),
    ],
  ])("is no file to COPY, %s", async (_kind, options) => {
    const lines: string[] = [];
    const outputs: BuildOptions["outputs"] = [{ type: "cacheonly" }];
    const build = engine.build({ ...(await options()), builder: builder(), noCache: true, outputs });
    for await (const one of build) if (one.kind === "log") lines.push(one.text);
    await build.done;
    expect(lines).toEqual(["./.dockerignore", "./mine", "./sub/one"]);
  });
});
