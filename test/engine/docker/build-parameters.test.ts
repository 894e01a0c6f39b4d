import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";

const { engine, scratch, logsOf } = buildFixture();

describe.each(["buildkit", "classic"] as const)("with the %s builder", (builder) => {
  const run = (command: string, options: BuildOptions = {}) =>
    logsOf({ fileobj: `FROM ${BASE_IMAGE}\n${command}\n`, builder, ...options });

  it("build arguments reach the build, and null leaves one unset", async () => {
    const command = 'ARG A\nARG B=default\nARG C\nRUN echo "A=$A B=$B C=$C"';
    expect(await run(command, { buildArgs: { A: "1", B: "2", C: null } })).toEqual(["A=1 B=2 C="]);
  });

  it("labels, and the platform, are on the image", async () => {
    const tag = engine.imageName();
    await engine.build({
      fileobj: `FROM ${BASE_IMAGE}\n`,
      labels: { a: "b c" },
      platform: "linux/amd64",
      tags: tag,
      builder,
    }).done;
    const { Config, Os, Architecture } = await engine.images.inspect(tag);
    expect({ labels: Config?.Labels?.a, Os, Architecture }).toEqual({
      labels: "b c",
      Os: "linux",
      Architecture: "amd64",
    });
  });

  it("several tags name one image", async () => {
    const tags = [engine.imageName(), engine.imageName()];
    const { imageId } = await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL n=${tags[0]}\n`, tags, builder }).done;
    for (const tag of tags) expect((await engine.images.inspect(tag)).Id).toBe(imageId);
  });

  it("a target ends the build at its stage", async () => {
    const fileobj = `FROM ${BASE_IMAGE} AS one\nRUN echo first\nFROM ${BASE_IMAGE} AS two\nRUN echo second\n`;
    expect(await logsOf({ fileobj, builder, target: "one" })).toEqual(["first"]);
  });

  it("extra hosts are those of the commands, and the network is none when none was asked for", async () => {
    const options = { extraHosts: { "db.example": "10.1.2.3" }, networkMode: "none" };
    const line = expect.stringMatching(/^10\.1\.2\.3\s+db\.example$/) as string;
    expect(await run("RUN grep db.example /etc/hosts; ls /sys/class/net", options)).toEqual([line, "lo"]);
  });

  it("the network is the machine's own when that was asked for", async () => {
    const server = createServer((_request, response) => response.end("from the machine\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      expect(await run(`RUN wget -q -O - ${url}`, { networkMode: "host" })).toEqual(["from the machine"]);
    } finally {
      server.close();
    }
  });

  it("a platform that there is not is refused in the engine's words", async () => {
    const error = await run("RUN true", { platform: "foobar" }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "image_build_failed",
      message: expect.stringMatching(/unknown operating system|invalid platform/) as string,
    });
  });

  it("a second build comes from the cache, one without cache does not", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN date +%s%N > /now\n`;
    const build = (noCache: boolean) => engine.build({ fileobj, noCache, tags: engine.imageName(), builder }).done;
    const first = await build(true);
    expect(await build(false)).toEqual(first);
    expect(await build(true)).not.toEqual(first);
  });

  it("a quiet build gives the image and nothing else", async () => {
    const tag = engine.imageName();
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN echo noise-${tag}\n`,
      quiet: true,
      tags: tag,
      builder,
    });
    const kinds: string[] = [];
    for await (const one of build) kinds.push(one.kind);
    expect(kinds).not.toContain("step");
    expect((await engine.images.inspect(tag)).Id).toBe((await build.done).imageId);
  });

  it("proxies of the configuration reach the build, and explicit arguments win", async () => {
    const configDir = await scratch("config");
    const proxies = { default: { httpProxy: "http://proxy:1", noProxy: "x" } };
    await writeFile(join(configDir, "config.json"), JSON.stringify({ proxies }));
    const own = new DockerEngine({ configDir });
    const lines: string[] = [];
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo "$HTTP_PROXY $http_proxy $NO_PROXY"\n`;
    const options = { fileobj, useConfigProxy: true, buildArgs: { NO_PROXY: "mine" }, tags: engine.imageName() };
    for await (const one of own.build({ ...options, noCache: true, builder }))
      if (one.kind === "log" && one.stepId) lines.push(one.text);
    await own.close();
    expect(lines).toEqual(["http://proxy:1 http://proxy:1 mine"]);
  });

  it("the bytes of the stream are given as the engine sent them, and the end is checked all the same", async () => {
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN exit 3\n`,
      builder,
      decode: false,
      forcerm: true,
      noCache: true,
    });
    let text = "";
    const read = (async () => {
      for await (const chunk of build) text += chunk.toString();
    })();
    await expect(read).rejects.toMatchObject({ code: "image_build_failed", exitCode: 3 });
    expect(text).toMatch(/^\{.*"errorDetail".*\}\s*$/s);
  });

  it("a build that takes too long is stopped", async () => {
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN sleep 7654\n`,
      builder,
      timeoutMs: 1_000,
      noCache: true,
    });
    await expect(build.done).rejects.toMatchObject({ code: "image_build_timeout", timeoutMs: 1_000 });
    await expect.poll(() => engine.processesWith("sleep 7654"), { timeout: 20_000 }).toEqual([]);
  });

  it("leaving the progress early cancels the build", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 6543\n`, builder, noCache: true });
    for await (const one of build) if (one.kind === "log") break;
    await expect(build.done).rejects.toMatchObject({ code: "image_build_cancelled" });
    await expect.poll(() => engine.processesWith("sleep 6543"), { timeout: 20_000 }).toEqual([]);
  });
});
<<<<<<< /work/main/test/engine/docker/build-parameters.test.ts

describe("the classic builder alone", () => {
  const builder = "classic";

  it("limits the memory and the CPUs of commands", async () => {
    const command =
      "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpuset.cpus 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpuset/cpuset.cpus";
    const containerLimits = { memory: "64m", memswap: "64m", cpusetcpus: "0", cpushares: 512 };
    expect(await logsOf({ fileobj: `FROM ${BASE_IMAGE}\nRUN ${command}\n`, containerLimits })).toEqual([
      "67108864",
      "0",
    ]);
  });

  it("sizes shared memory and limits processes", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN df -k /dev/shm | tail -n 1 | awk '{print $2}' && ulimit -n\n`;
    const ulimits = [{ name: "nofile", soft: 111, hard: 222 }];
    expect(await logsOf({ fileobj, builder, shmSize: "32m", ulimits })).toEqual(["32768", "111"]);
  });

  it("keeps intermediate containers only when asked to", async () => {
    const count = async (mark: string) => {
      const all = await engine.containers.list({ all: true });
      const own = all.filter(({ Command }) => String(Command).includes(mark));
      for (const { Id } of own) await engine.containers.remove(Id);
      return own.length;
    };
    const fileobj = (mark: string, end = "") => `FROM ${BASE_IMAGE}\nRUN echo ${mark}${end}\n`;
    await engine.build({ fileobj: fileobj("rm-default"), builder, noCache: true, tags: engine.imageName() }).done;
    expect(await count("rm-default")).toBe(0);
    await engine.build({ fileobj: fileobj("rm-false"), builder, noCache: true, rm: false, tags: engine.imageName() })
      .done;
    expect(await count("rm-false")).toBe(1);
    await engine
      .build({ fileobj: fileobj("rm-fails", "; exit 1"), builder, noCache: true })
      .done.catch(() => undefined);
    expect(await count("rm-fails")).toBe(1);
    await engine
      .build({ fileobj: fileobj("rm-forced", "; exit 1"), builder, noCache: true, forcerm: true })
      .done.catch(() => undefined);
    expect(await count("rm-forced")).toBe(0);
  });

  it("says no to squash where the engine is not experimental", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\n`, squash: true });
    await expect(build.done).rejects.toMatchObject({ code: "unsupported_by_engine" });
  });
});

describe("BuildKit alone", () => {
  const builder = "buildkit";

  it.each<[string, (file: string) => NonNullable<BuildOptions["secrets"]>[number]]>([
    ["a value", () => ({ id: "token", value: "sesame-open" })],
    ["a file", (file) => ({ id: "token", file })],
    ["a variable", () => ({ id: "token", env: "NULLSPACE_TEST_SECRET" })],
  ])(
    "mounts a secret from %s, and none of it stays in the image, its history or the engine's records",
    async (_name, secret) => {
      const file = join(dir, "secret");
      await writeFile(file, "sesame-open");
      process.env.NULLSPACE_TEST_SECRET = "sesame-open";
      const tag = engine.imageName();
      const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=token,required md5sum < /run/secrets/token > /sum\n`;
      const build = engine.build({ fileobj, secrets: [secret(file)], tags: tag, noCache: true });
      let records = "";
      for await (const record of build.records()) records += JSON.stringify(record);
      await build.done;
      const container = await engine.runContainer(["sleep", "1000"], tag);
      const { stdout } = await engine.containers.exec(container, {
        cmd: [
          "sh",
          "-c",
          "cat /sum; printf sesame-open | md5sum; ls /run/secrets 2>&1; grep -rl sesame-open / --exclude-dir=proc --exclude-dir=sys || true",
        ],
      });
      const [made, expected, ...rest] = stdout.trim().split("\n");
      expect(made).toBe(expected);
      expect(rest.join("\n")).not.toContain("token");
      const history = JSON.stringify([await engine.images.history(tag), await engine.images.inspect(tag)]);
      expect(records + history).not.toContain("sesame-open");
    },
  );

  it("fails when a required secret was not given, and before it begins when one cannot be read", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=other,required true\n`;
    await expect(engine.build({ fileobj, builder, noCache: true }).done).rejects.toMatchObject({
      code: "image_build_failed",
    });
    for (const secret of [
      { id: "a", file: "/no/such/file" },
      { id: "a", env: "NULLSPACE_NOT_SET" },
    ]) {
      await expect(engine.build({ fileobj, secrets: [secret] }).done).rejects.toMatchObject({
        code: "invalid_docker_option",
        option: "secrets",
      });
    }
  });

  it("lets a command use an SSH agent, whose keys stay where they are", async () => {
    const socket = join(dir, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    const key = join(dir, "key");
    try {
      await expect.poll(() => readFile("/proc/net/unix", "utf8")).toContain(socket);
      await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      await promisify(execFile)("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      // The base image has no SSH client, so this machine's goes along, with the libraries that it is linked to.
      const { stdout } = await promisify(execFile)("sh", ["-c", 'p=$(command -v ssh-add); echo "$p"; ldd "$p"']);
      const files = stdout.match(/(?<=^|\s)\/\S+/gm) ?? [];
      const path = await folder({
        Dockerfile: `FROM ${BASE_IMAGE}\nCOPY root /\nRUN --mount=type=ssh ${files[0]} -L\n`,
      });
      for (const file of files) await cp(await realpath(file), join(path, "root", file), { recursive: true });
      const lines = await logsOf({ path, ssh: [{ id: "default", socket }] });
      expect(lines).toEqual([(await readFile(`${key}.pub`, "utf8")).trim()]);
    } finally {
      agent.kill();
      await once(agent, "exit");
    }
  });

  it("puts cache facts into the image when asked to", async () => {
    const tag = engine.imageName();
    await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo ${tag} > /f\n`, cacheTo: "inline", tags: tag }).done;
    expect(await logsOf({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo hello\n`, cacheFrom: tag, builder })).toContain(
      "hello",
    );
  });

  it("prunes the cache that a filter names, and no other", async () => {
    const mark = `prune-${process.pid}-${Date.now()}`;
    await logsOf({
      fileobj: `FROM ${BASE_IMAGE}\nRUN --mount=type=cache,target=/c,id=${mark} echo ${mark} > /c/f\n`,
      builder,
    });
    expect(await engine.pruneBuilds({ filters: { id: "nothing-has-this-id" }, all: true })).toEqual({
      cachesDeleted: [],
      spaceReclaimedBytes: 0,
    });
    const request = await engine.versioned({ method: "GET", path: "/system/df" });
    const usage = z.object({
      BuildCache: z.array(z.looseObject({ ID: z.string(), Type: z.string(), Description: z.string() })),
    });
    const { BuildCache } = await engine.transport.json(request, usage);
    const own = BuildCache.filter(
      ({ Type, Description }) => Type === "exec.cachemount" && Description.includes(mark),
    ).map(({ ID }) => ID);
    const { cachesDeleted } = await engine.pruneBuilds({ filters: { id: own[0]! }, all: true });
    expect(own).toHaveLength(1);
    expect(cachesDeleted.toSorted()).toEqual(own.toSorted());
    await expect(engine.pruneBuilds({ filters: { id: [] } })).rejects.toMatchObject({ option: "filters" });
  });
});
=======
>>>>>>> test/engine/docker/build-parameters.test.ts
