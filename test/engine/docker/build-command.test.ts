import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";

const engine = openEngine();
let dir: string;
let context: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "nullspace-build-command-"));
  context = await mkdtemp(join(dir, "context-"));
  await writeFile(
    join(context, "Dockerfile"),
    `FROM ${BASE_IMAGE} AS first\nARG WHO\nRUN echo "hello $WHO" > /hello\nFROM first\nRUN exit 5\n`,
  );
  await writeFile(
    join(dir, "Secret.Dockerfile"),
    `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=token cat /run/secrets/token | md5sum > /sum\n`,
  );
  await writeFile(join(dir, "token"), "sesame\n");
});
afterAll(async () => {
  await rm(dir, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const bin = join(import.meta.dirname, "../../../bin/pulumi-nullspace.ts");
  const argv = ["--conditions=nullspace-source", bin, "docker", "build", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("docker build", () => {
  it.each([
    ["BuildKit", [], "moby.buildkit.trace"],
    ["the classic builder", ["--memory", "64m"], undefined],
  ])("prints the records of %s one a line, and the image at last", async (_name, flags, id) => {
    const tag = engine.imageName();
    const args = [
      context,
      "-t",
      tag,
      "--target",
      "first",
      "--build-arg",
      "WHO=you",
      "--label",
      "a=b",
      "--no-cache",
      "--json",
    ];
    const { code, stdout } = await run([...args, ...flags]);
    expect(code).toBe(0);
    const records = lines(stdout);
    const image = await engine.images.inspect(tag);
    expect(records.at(-1)).toEqual({ imageId: image.Id });
    expect(records[0]?.id).toBe(id);
    expect(image.Config?.Labels).toMatchObject({ a: "b" });
    const container = await engine.runContainer(["sleep", "1000"], tag);
    expect((await engine.containers.exec(container, { cmd: ["cat", "/hello"] })).stdout).toBe("hello you\n");
  });

  it("builds on a daemon with a named context, for a folder, and tells its progress as JSON", async () => {
    await using daemon = await startBuildKitDaemon();
    await writeFile(join(dir, "Named.Dockerfile"), "FROM scratch\nCOPY --from=lib token /\n");
    const out = join(dir, "out");
    const { code, stderr } = await run([
      ...[context, "-f", join(dir, "Named.Dockerfile"), "--buildkit", daemon.address, "--progress", "json"],
      ...["--build-context", `lib=${dir}`, "--output", `type=local,dest=${out}`],
    ]);
    expect(code, stderr).toBe(0);
    expect(await readFile(join(out, "token"), "utf8")).toBe("sesame\n");
    const kinds = new Set(lines(stderr).map(({ kind }) => kind));
    expect(kinds).toContain("step");
  });

  it("shows the steps under way on a terminal, and takes them away at the end", async () => {
    const bin = join(import.meta.dirname, "../../../bin/pulumi-nullspace.ts");
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo shown && sleep 1\n`;
    await writeFile(join(dir, "Live.Dockerfile"), fileobj);
    const argv = [process.execPath, "--conditions=nullspace-source", bin, "docker", "build", context, "--no-cache"];
    argv.push("-t", engine.imageName(), "-f", join(dir, "Live.Dockerfile"));
    // A real terminal, which Python opens.
    const { stdout } = await promisify(execFile)(process.env.NULLSPACE_PYTHON!, [
      "-c",
      "import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
      ...argv,
    ]);
    const plain = stripVTControlCharacters(stdout);
    expect(plain).toMatch(/=> \[2\/2\] RUN echo shown && sleep 1 0\.\d+s/);
    expect(stdout).toMatch(/\x1b\[1A\x1b\[0J/);
    expect(plain.split("\n").map((line) => line.trim())).toContain("| shown");
    expect(plain.trim()).toMatch(/sha256:[0-9a-f]{64}$/);
  });

  it("ends with 1 and the reason when the build fails", async () => {
    const { code, stderr, stdout } = await run([context, "--json", "--force-rm"]);
    expect(code).toBe(1);
    expect(lines(stdout).at(-1)).toHaveProperty("error");
    const { error } = lines(stderr).at(-1) as { error: { code: string; message: string } };
    expect(error.code).toBe("image_build_failed");
    expect(error.message).toContain("Dockerfile line 5");
  });

  it("gives a secret to a build whose Dockerfile lies outside of the folder", async () => {
    const tag = engine.imageName();
    const secret = `id=token,src=${join(dir, "token")}`;
    const { code } = await run([context, "-f", join(dir, "Secret.Dockerfile"), "-t", tag, "--secret", secret]);
    expect(code).toBe(0);
    const container = await engine.runContainer(["sleep", "1000"], tag);
    const { stdout } = await engine.containers.exec(container, { cmd: ["sh", "-c", "cat /sum; echo sesame | md5sum"] });
    const [made, expected] = stdout.trim().split("\n");
    expect(made).toBe(expected);
  });

  it("passes the proxies of Docker's configuration unless told not to", async () => {
    const DOCKER_CONFIG = await mkdtemp(join(dir, "config-"));
    await writeFile(join(DOCKER_CONFIG, "config.json"), '{"proxies":{"default":{"httpProxy":"http://proxy:1"}}}');
    const file = join(dir, "Proxy.Dockerfile");
    await writeFile(file, `FROM ${BASE_IMAGE}\nRUN echo "proxy is $http_proxy."\n`);
    const args = [context, "-f", file, "-t", engine.imageName(), "--no-cache"];
    expect((await run(args, { DOCKER_CONFIG })).stderr).toContain("proxy is http://proxy:1.");
    expect((await run([...args, "--no-config-proxy"], { DOCKER_CONFIG })).stderr).toContain("proxy is .");
  });

  it("shows steps and logs to people, and prints the image's id alone to standard output", async () => {
    const { code, stdout, stderr } = await run([context, "--target", "first", "--build-arg", `WHO=${process.pid}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(stderr).toContain("[first 2/2] RUN echo");
    await engine.images.remove(stdout.trim(), { force: true });
  });

  it.each([
    ["a missing folder", ["/no/such/folder"], "context_not_found"],
    ["a missing Dockerfile", [".", "-f", "No.Dockerfile"], "dockerfile_not_found"],
    ["a bad name", [".", "-t", "Bad Name"], "invalid_image_ref"],
    ["a bad size", [".", "--shm-size", "lots"], "invalid_docker_option"],
    [
      "options that no builder has together",
      [".", "--memory", "1g", "--secret", "id=a,env=HOME"],
      "invalid_docker_option",
    ],
    ["a secret without an id", [".", "--secret", "src=/x"], "usage"],
    ["an unknown option", [".", "--frobnicate"], "usage"],
  ])("ends with 2 for %s", async (_name, [folder, ...flags], code) => {
    const result = await run([folder === "." ? context : folder!, ...flags]);
    expect(result.code).toBe(2);
    expect(lines(result.stderr).at(-1)).toMatchObject({ error: { code } });
  });

  it("ends with 1 and names the engine that does not answer", async () => {
    const result = await run([context], { DOCKER_HOST: "tcp://127.0.0.1:1" });
    expect(result.code).toBe(1);
    const { error } = lines(result.stderr).at(-1) as { error: { code: string; message: string } };
    expect(error.code).toBe("engine_unreachable");
    expect(error.message).toContain("tcp://127.0.0.1:1");
  });
});
