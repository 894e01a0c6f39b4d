import { execFile } from "node:child_process";
import { hash, randomBytes } from "node:crypto";
import { chmod, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { startEngineFront } from "./engine-front.ts";
import { startEngineProxy } from "./engine-proxy.ts";

const { engine, folder } = buildFixture();

/** Lines that the commands of a build wrote; each build has its own name in `MARK`, so that none of them is cached. */
async function logsOf(options: BuildOptions, own: DockerEngine = engine): Promise<string[]> {
  const lines: string[] = [];
  const mark = engine.imageName();
  for await (const one of own.build({ builder: "buildkit", ...options, tags: mark, buildArgs: { MARK: mark } })) {
    if (one.kind === "log" && one.stepId !== undefined) lines.push(one.text);
  }
  return lines;
}

const LIST = 'ARG MARK\nRUN cd /c && find . -exec stat -c "%A %n" {} + | sort -k 2\n';

describe("a folder that BuildKit fetches", () => {
  it("is sent as a whole once, and then only what is new in it", async () => {
    await using proxy = await startEngineProxy();
    const own = new DockerEngine({ host: `tcp://127.0.0.1:${proxy.port}`, env: {} });
    const path = await folder({
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /c\nARG MARK\nRUN md5sum < /c/large; cat /c/small; ls /c\n`,
      large: randomBytes(4_000_000),
      small: "one\n",
      gone: "",
    });
    try {
      const [sum, ...rest] = await logsOf({ path }, own);
      expect(rest).toEqual(["one", "Dockerfile", "gone", "large", "small"]);
      const sent = proxy.bytesToEngine;
      expect(sent).toBeGreaterThan(4_000_000);
      await writeFile(join(path, "small"), "two\n");
      await rm(join(path, "gone"));
      expect(await logsOf({ path }, own)).toEqual([sum, "two", "Dockerfile", "large", "small"]);
      expect(proxy.bytesToEngine - sent).toBeLessThan(100_000);
    } finally {
      await own.close();
    }
  });

  it("has the content of every file, be they many and small, empty, or large", async () => {
    const files: Record<string, string | Uint8Array> = { empty: "", small: "s", "dir/empty": "" };
    // On both sides of what is read together, and more in all than goes at a time.
    for (const size of [131_071, 131_072, 131_073, 1_048_576, 3_000_000]) files[`sized/${size}`] = randomBytes(size);
    for (let n = 0; n < 700; n++) files[`many/${n % 7}/${n}`] = randomBytes((n * 37) % 5_000);
    const path = await folder({ ...files, ".dockerignore": ".dockerignore\nDockerfile\n", Dockerfile: "" });
    const sums = "find . -type f -exec md5sum {} + | sort -k 2";
    await writeFile(join(path, "Dockerfile"), `FROM ${BASE_IMAGE}\nCOPY . /c\nARG MARK\nRUN cd /c && ${sums}\n`);
    const expected = Object.entries(files).map(([name, content]) => `${hash("md5", content)}  ./${name}`);
    const byPath = (a: string, b: string) => (a.slice(34) < b.slice(34) ? -1 : 1);
    expect((await logsOf({ path })).toSorted(byPath)).toEqual(expected.toSorted(byPath));
  });

  it("is what it is now, even when a change left size and time as they were", async () => {
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY f /f\nARG MARK\nRUN cat /f\n` });
    const write = async (content: string) => {
      await writeFile(join(path, "f"), content);
      // As tools do that make builds repeatable, and archives that are unpacked.
      await utimes(join(path, "f"), 1_000_000_000, 1_000_000_000);
    };
    await write("one\n");
    expect(await logsOf({ path })).toEqual(["one"]);
    await write("two\n");
    expect(await logsOf({ path })).toEqual(["two"]);
  });

  it.each<[string, string[], number, number | undefined]>([
    ["begun before it is listed", [], 1, undefined],
    ["begun again when the times of a file say too little", [], 2, 1_000_000_000],
    ["sent as an archive to an engine without sessions", ["/session"], 1, undefined],
  ])("is %s", async (_how, without, sessions, time) => {
    await using front = await startEngineFront({ apiVersion: "1.41", without });
    const own = new DockerEngine({ host: `tcp://127.0.0.1:${front.port}`, env: {} });
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY f /f\nARG MARK\nRUN cat /f\n`, f: "content\n" });
    if (time !== undefined) await utimes(join(path, "f"), time, time);
    try {
      expect(await logsOf({ path }, own)).toEqual(["content"]);
      expect(front.requests.filter((request) => request === "POST /session")).toHaveLength(sessions);
    } finally {
      await own.close();
    }
  });

  it("leaves nothing open at the engine when it cannot be listed", async () => {
    await using proxy = await startEngineProxy();
    const own = new DockerEngine({ host: `tcp://127.0.0.1:${proxy.port}`, env: {} });
    const dockerfileContent = `FROM ${BASE_IMAGE}\n`;
    const reserved = `.dockerfile.${hash("sha256", dockerfileContent).slice(0, 40)}`;
    const path = await folder({ [reserved]: "" });
    try {
      const build = own.build({ path, dockerfileContent, builder: "buildkit" });
      await expect(build.done).rejects.toMatchObject({ code: "name_reserved", path: reserved });
      // What is kept for the next request is closed when none comes.
      await expect.poll(() => proxy.connections(), { timeout: 15_000 }).toBe(0);
      await rm(join(path, reserved));
      await own.build({ path, dockerfileContent, builder: "buildkit" }).done;
    } finally {
      await own.close();
    }
  });

  it.each<[string, Record<string, string>, string]>([
    [
      "with names of every kind",
      { "a-b/x": "", "a/c": "", "a.d": "", "a b": "", "ä/ö": "", "a+%20": "" },
      "Dockerfile",
    ],
    [
      "whose ignore file hides itself and the Dockerfile",
      { ".dockerignore": "Dockerfile\n.dockerignore\n*.log\n", "a.log": "", b: "" },
      "Dockerfile",
    ],
    [
      "whose ignore file hides the folder of the Dockerfile",
      { ".dockerignore": "docker\n", "docker/other": "", b: "" },
      "docker/My.Dockerfile",
    ],
    [
      "whose Dockerfile has an ignore file of its own",
      { ".dockerignore": "b\n", "docker/My.Dockerfile.dockerignore": "a\n", a: "", b: "" },
      "docker/My.Dockerfile",
    ],
  ])("%s has the entries that the docker command sends", async (_name, files, dockerfile) => {
    const path = await folder({ ...files, [dockerfile]: `FROM ${BASE_IMAGE}\nCOPY . /c\n${LIST}` });
    await writeFile(join(path, "run"), "");
    await chmod(join(path, "run"), 0o755);
    await symlink("run", join(path, "link"));
    const tag = engine.imageName();
    const args = [
      "build",
      "--progress=plain",
      "--build-arg",
      `MARK=${tag}`,
      "-t",
      tag,
      "-f",
      join(path, dockerfile),
      path,
    ];
    const { stderr } = await promisify(execFile)(process.env.NULLSPACE_DOCKER_BUILDKIT_CLI!, args, {
      env: { ...process.env, DOCKER_BUILDKIT: "1" },
    });
    const theirs = [...stderr.matchAll(/^#\d+ \d+\.\d+ (.* \..*)$/gm)].map(([, line]) => line);
    expect(theirs.length).toBeGreaterThan(3);
    expect(await logsOf({ path, dockerfile })).toEqual(theirs);
  });

  it("gives the build the part of it that it copies from", async () => {
    await using proxy = await startEngineProxy();
    const own = new DockerEngine({ host: `tcp://127.0.0.1:${proxy.port}`, env: {} });
    const path = await folder({
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY app/bin /c/\n${LIST}`,
      "app/bin/one": "",
      "app/bin/sub/two": "",
      "app/large": randomBytes(4_000_000),
    });
    try {
      const lines = await logsOf({ path }, own);
      expect(lines.map((line) => line.split(" ")[1])).toEqual([".", "./one", "./sub", "./sub/two"]);
      expect(proxy.bytesToEngine).toBeLessThan(100_000);
    } finally {
      await own.close();
    }
  });
});
