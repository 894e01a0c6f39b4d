import { execFile } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
let dir: string;
let daemon: BuildKitDaemonProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "nullspace-outputs-"));
  daemon = await startBuildKitDaemon();
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

/** Names in an archive, as tar itself reads it. */
async function tarNames(file: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)("tar", ["-tf", file]);
  return stdout.split("\n").filter((name) => name !== "");
}

describe.each([
  ["a BuildKit daemon", () => ({ address: daemon.address })],
  ["the engine's BuildKit", () => "buildkit" as const],
])("the result of a build on %s", (_name, builder) => {
  const build = (options: BuildOptions) => engine.build({ builder: builder(), ...options }).done;

  it("is written into a folder, beside what is there", async () => {
    const dest = await mkdtemp(join(dir, "local-"));
    const context = await mkdtemp(join(dir, "context-"));
    await mkdir(join(context, "many"));
    // More files than are asked for at a time, and one of more than a message.
    for (let n = 0; n < 150; n++) await writeFile(join(context, "many", `${n}`), `file ${n}`);
    await writeFile(join(context, "large"), "x".repeat(5_000_000));
    await writeFile(join(context, "run.sh"), "#!/bin/sh\n");
    await chmod(join(context, "run.sh"), 0o755);
    await symlink("many/7", join(context, "link"));
    await writeFile(join(context, ".dockerignore"), "Dockerfile\n.dockerignore\n");
    await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY . /\n");
    await mkdir(join(dest, "many"));
    await writeFile(join(dest, "many", "7"), "old");
    await writeFile(join(dest, "mine"), "mine");
    await build({ path: context, outputs: [{ type: "local", dest }] });
    expect((await readdir(dest)).toSorted()).toEqual(["large", "link", "many", "mine", "run.sh"]);
    expect((await readdir(join(dest, "many"))).length).toBe(150);
    expect(await readFile(join(dest, "many", "7"), "utf8")).toBe("file 7");
    expect(await readFile(join(dest, "large"), "utf8")).toBe("x".repeat(5_000_000));
    expect(await readlink(join(dest, "link"))).toBe("many/7");
    expect((await stat(join(dest, "run.sh"))).mode & 0o777).toBe(0o755);
    expect(await readFile(join(dest, "mine"), "utf8")).toBe("mine");
  });

  it("keeps hard links together, and leaves out the rights of set-user-ID", async () => {
    const dest = await mkdtemp(join(dir, "local-"));
    const make = "mkdir /out && echo x > /out/a && ln /out/a /out/b && chmod 4755 /out/a";
    const fileobj = `FROM ${BASE_IMAGE} AS made\nRUN ${make}\nFROM scratch\nCOPY --from=made /out /\n`;
    await build({ fileobj, outputs: [{ type: "local", dest }] });
    expect((await stat(join(dest, "a"))).ino).toBe((await stat(join(dest, "b"))).ino);
    expect((await stat(join(dest, "a"))).mode & 0o7777).toBe(0o755);
  });

  it("is not written through a link that lies in the folder", async () => {
    const dest = await mkdtemp(join(dir, "local-"));
    const elsewhere = await mkdtemp(join(dir, "elsewhere-"));
    await symlink(elsewhere, join(dest, "d"));
    const fileobj = `FROM ${BASE_IMAGE} AS made\nRUN mkdir -p /out/d && echo x > /out/d/f\nFROM scratch\nCOPY --from=made /out /\n`;
    await build({ fileobj, outputs: [{ type: "local", dest }] });
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await lstat(join(dest, "d"))).isDirectory()).toBe(true);
    expect(await readFile(join(dest, "d", "f"), "utf8")).toBe("x\n");
  });

  it("is an archive at its place when it is whole, and no file when the build fails", async () => {
    const folder = await mkdtemp(join(dir, "tar-"));
    const dest = join(folder, "rootfs.tar");
    const fileobj = `FROM scratch\nCOPY Dockerfile /inside\n`;
    await build({ fileobj, outputs: [{ type: "tar", dest }] });
    expect(await tarNames(dest)).toEqual(["inside"]);
    await rm(dest);
    const failing = build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN exit 3\n`,
      noCache: true,
      outputs: [{ type: "tar", dest }],
    });
    await expect(failing).rejects.toMatchObject({ code: "image_build_failed", exitCode: 3 });
    expect(await readdir(folder)).toEqual([]);
  });

  it("names the folder when that cannot be written", async () => {
    const dest = join(dir, "a-file");
    await writeFile(dest, "");
    const fileobj = `FROM scratch\nCOPY Dockerfile /inside\n`;
    await expect(build({ fileobj, outputs: [{ type: "local", dest }] })).rejects.toThrow(dest);
  });
});

describe("an image as an archive", () => {
  it.each(["oci", "docker"] as const)("of the form %s comes from a BuildKit daemon, with its name", async (type) => {
    const dest = join(dir, `${type}.tar`);
    const tag = engine.imageName();
    const fileobj = `FROM ${BASE_IMAGE}\nLABEL a=b\n`;
    await engine.build({ fileobj, tags: tag, builder: { address: daemon.address }, outputs: [{ type, dest }] }).done;
    const names = await tarNames(dest);
    expect(names).toContain("oci-layout");
    expect(names.includes("manifest.json")).toBe(type === "docker");
    const { stdout } = await promisify(execFile)("tar", ["-xOf", dest, "index.json"]);
    expect(stdout).toContain(`docker.io/library/${tag}`);
  });

  it.each([
    [{ type: "local" } as const, "the folder to write"],
    [{ type: "oci" } as const, "the file to write"],
    [{ type: "cacheonly", dest: "x" } as const, "writes no file"],
  ])("is refused as %j", (output, reason) => {
    expect(() => engine.build({ fileobj: "FROM x", outputs: [output] })).toThrow(reason);
  });
});
