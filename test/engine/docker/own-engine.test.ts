import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { type BuildOptions, DockerEngine, EngineConnectionLostError } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { OwnEngine } from "./own-engine.ts";

let daemon: OwnEngine;
let engine: DockerEngine;
beforeAll(async () => {
  daemon = await OwnEngine.start({ experimental: true });
  engine = new DockerEngine({ host: daemon.host, env: {} });
  await engine.images.pull(BASE_IMAGE);
});
afterAll(async () => {
  await engine.close();
  await daemon[Symbol.asyncDispose]();
});

const offline: Partial<BuildOptions> = { networkMode: "none" };

/** Ends processes with exactly this command line: what a build leaves running when its engine is killed. */
async function endLeftovers(command: string): Promise<void> {
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    // Processes come and go while they are listed.
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.replaceAll("\0", " ").trim() === command) process.kill(Number(pid), "SIGKILL");
  }
}

describe("an experimental engine", () => {
  it("makes one layer of the whole build when asked to squash", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo 1 > /a\nRUN echo 2 > /b\nRUN echo 3 > /c\n`;
    const layersOf = async (image: string) =>
      z.object({ Layers: z.array(z.string()) }).parse((await engine.images.inspect(image)).RootFS).Layers.length;
    const build = async (squash: boolean) =>
      (await engine.build({ ...offline, fileobj, squash, builder: squash ? "auto" : "classic" }).done).imageId;
    const base = await layersOf(BASE_IMAGE);
    expect(await layersOf(await build(false))).toBe(base + 3);
    expect(await layersOf(await build(true))).toBe(base + 1);
  });
});

describe.each(["buildkit", "classic"] as const)("an engine that is killed in the middle of a %s build", (builder) => {
  it("fails the build with its address, and builds again once it is back", async () => {
    const command = `sleep 49${builder.length}`;
    const build = engine.build({ ...offline, fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; ${command}\n`, builder });
    try {
      const reading = (async () => {
        for await (const one of build) if (one.kind === "log" && one.text === "begun") await daemon.kill();
      })();
      await expect(reading).rejects.toBeInstanceOf(EngineConnectionLostError);
      await expect(build.done).rejects.toMatchObject({
        code: "engine_connection_lost",
        message: expect.stringContaining(daemon.host) as string,
      });
      await expect(engine.build({ fileobj: `FROM ${BASE_IMAGE}\n`, builder }).done).rejects.toMatchObject({
        code: "engine_unreachable",
      });
    } finally {
      await endLeftovers(command);
      await daemon.startAgain();
    }
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo after-${builder} > /f\n`;
    const { imageId } = await engine.build({ ...offline, fileobj, builder }).done;
    expect((await engine.images.inspect(imageId)).Id).toBe(imageId);
  });
});

describe("an engine of a test that was killed and is not started again", () => {
  it("leaves no container running, nor a shim", async () => {
    const own = await OwnEngine.start();
    const client = new DockerEngine({ host: own.host, env: {} });
    const namespace = /nullspace-dockerd-[^/]+/.exec(own.host)![0];
    try {
      await client.images.pull(BASE_IMAGE);
      const HostConfig = { NetworkMode: "none" };
      const { id } = await client.containers.create({ Image: BASE_IMAGE, Cmd: ["sleep", "4917"], HostConfig });
      await client.containers.start(id);
      await own.kill();
      expect(await commandsWith("sleep 4917")).toHaveLength(1);
    } finally {
      await client.close();
      await own[Symbol.asyncDispose]();
    }
    for (const text of ["sleep 4917", namespace]) expect(await commandsWith(text)).toEqual([]);
  });
});

async function commandsWith(text: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "args"]);
  return stdout.split("\n").filter((line) => line.includes(text));
}
