import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let service: RunningService;
const engine = new DockerEngine();

beforeAll(async () => {
  service = await RunningService.start();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.close();
});

/** What a command prints in a container of a build's image. */
async function inImage(templateId: string, command: string): Promise<string> {
  const { id } = await engine.containers.create({
    Image: `nullspace-local/${templateId}`,
    Entrypoint: ["sh", "-c"],
    Cmd: [command],
  });
  await engine.containers.start(id);
  await engine.containers.wait(id);
  let output = "";
  for await (const { data } of engine.containers.logs(id)) output += data.toString();
  await engine.containers.remove(id, { force: true });
  return output.trim();
}

describe("a Dockerfile build", () => {
  it("ends ready, with its files in the image, its modes kept, and an ignore file without a say in it", async () => {
    const files = await service.upload({
      "src/a b.txt": "a",
      "run.sh": { content: "#!/bin/sh\necho ran\n", mode: "0755" },
      ".dockerignore": "*\n",
      "empty.txt": "",
    });
    const { build, entries } = await service.build({
      name: "dockerfile",
      dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /app\nRUN /app/run.sh > /ran\n`,
      build_context: { files: [...files, { path: "empty", entry_type: "dir", mode: "0755" }] },
    });
    expect(build).toMatchObject({ status: "ready", source_type: "dockerfile", build_backend: "buildkit" });
    expect(entries.at(-1)).toMatchObject({
      kind: "end",
      result: { id: build.template_id, canonical_ref: "local/dockerfile" },
    });
    expect(await inImage(build.template_id, "cat /ran; cd /app; find . | sort; wc -c < empty.txt")).toBe(
      ["ran", ".", "./.dockerignore", "./empty", "./empty.txt", "./run.sh", "./src", "./src/a b.txt", "0"].join("\n"),
    );
  });

  it("sees what is in its context, and nothing else", async () => {
    const look = `: ${Math.random()}; ls -A /app | sort | tr '\\n' ' ' > /seen`;
    const dockerfile = `FROM ${BASE_IMAGE}\nCOPY . /app\nRUN ${look}\n`;
    const seen = async (files: Record<string, string>, more: object = {}) => {
      const context = { files: await service.upload(files) };
      const { build } = await service.build({ name: "sees", dockerfile, build_context: context, ...more });
      expect(build.error ?? "").toBe("");
      return inImage(build.template_id, "cat /seen");
    };
    expect(await seen({ a: "1", "b/c": "2" })).toBe("a b");
    // A file that was taken away is gone from what the builder has kept, too.
    expect(await seen({ "b/c": "3", Dockerfile: "mine" })).toBe("Dockerfile b");
    const own = { dockerfile: undefined, dockerfile_path: "Own" };
    expect(await seen({ Own: dockerfile, ".dockerignore": "*" }, own)).toBe(".dockerignore Own");
  });

  it("sees its own files when other builds of the template run beside it", async () => {
    const dockerfile = `FROM ${BASE_IMAGE}\nCOPY . /app\nRUN cat /app/* > /seen # ${Math.random()}\n`;
    const texts = ["one", "two", "six", "ten"];
    const seen = texts.map(async (text) => {
      const files = await service.upload({ [`only-${text}`]: "+", same: text });
      const { build } = await service.build({ name: "beside", tags: [text], dockerfile, build_context: { files } });
      return inImage(build.template_id, "cat /seen");
    });
    expect(await Promise.all(seen)).toEqual(texts.map((text) => `+${text}`));
  });

  it("takes arguments, a target stage and a Dockerfile inside the context", async () => {
    const files = await service.upload({
      "docker/App.Dockerfile": `ARG BASE\nFROM \${BASE} AS one\nARG WORD\nRUN echo "$WORD" > /word\nFROM one AS two\nRUN exit 7\n`,
    });
    const { build } = await service.build({
      name: "arguments",
      dockerfile_path: "docker/App.Dockerfile",
      build_args: { BASE: BASE_IMAGE, WORD: "said" },
      build_target: "one",
      build_context: { files },
    });
    expect(build.status).toBe("ready");
    expect(await inImage(build.template_id, "cat /word")).toBe("said");
  });

  it("mounts secrets for the build, and keeps them out of the image, the log and the store", async () => {
    const { build, entries } = await service.build({
      name: "secrets",
      dockerfile: `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=token : ${Math.random()} && wc -c < /run/secrets/token > /size && cat /run/secrets/token\n`,
      build_secrets: [{ id: "token", value: "very-secret-value" }],
    });
    expect(build.status).toBe("ready");
    expect(await inImage(build.template_id, "cat /size")).toBe("17");
    expect(JSON.stringify(entries)).not.toContain("very-secret-value");
    expect(JSON.stringify(entries)).toContain("[secret]");
  });

  it("says which step failed, with its exit code, its line and its last words", async () => {
    const { build, entries } = await service.build({
      name: "failing",
      dockerfile: `FROM ${BASE_IMAGE}\n\nRUN true\nRUN echo last words >&2; exit 3\n`,
    });
    expect(build).toMatchObject({
      status: "error",
      failure_phase: "build_step",
      error_detail: {
        code: "build_error",
        phase: "build_step",
        retryable: false,
        step_index: 3,
        build_id: build.build_id,
        details: { reason: "command_failed", exit_code: 3, dockerfile_line: 4 },
      },
    });
    expect(build.error_detail.details.log_tail).toContain("last words");
    expect(entries.at(-1)).toMatchObject({ kind: "error", error_detail: { message: build.error } });
  });

  it("counts the layers that came from the cache, and takes none with skip_cache", async () => {
    const body = {
      name: "cached",
      dockerfile: `FROM ${BASE_IMAGE}\nRUN echo ${Math.random()} > /a\nRUN echo b > /b\n`,
    };
    const first = await service.build(body);
    expect(first.build.cache_summary).toMatchObject({ layer_hits: 0, layer_misses: 2, layer_stores: 2 });
    const second = await service.build({ ...body, dockerfile: `${body.dockerfile}RUN echo c > /c\n` });
    expect(second.build.cache_summary).toMatchObject({ layer_hits: 2, layer_misses: 1 });
    const third = await service.build({ ...body, skip_cache: true });
    expect(third.build.cache_summary).toMatchObject({ layer_hits: 0, layer_bypasses: 2 });
    expect(third.build.source_digest).toBe(first.build.source_digest);
  });
});

describe("a declarative build", () => {
  it("does every step that this image has the tools for, as the right user", async () => {
    const files = await service.upload({
      "builder-context/step-0/src-0/conf/deep/x": "x",
      "builder-context/step-0/src-0/conf/y": "y",
      "builder-context/step-1/src-0/odd $name [1]'s.txt": "odd",
    });
    const { build, entries } = await service.build({
      name: "steps",
      base_image: BASE_IMAGE,
      build_context: {
        files: [...files, { path: "builder-context/step-0/src-0/conf/deep", entry_type: "dir", mode: "0755" }],
      },
      build_envs: { GREETING: 'it\'s a "test" $HOME', PATH_LIKE: "a b" },
      steps: [
        { action: "copy", sources: ["builder-context/step-0/src-0/conf"], dst: "/etc/conf/", mode: "0444" },
        {
          action: "copy",
          sources: ["builder-context/step-1/src-0/odd $name [1]'s.txt"],
          dst: "/odd",
          mode: 0o640,
        },
        { action: "copy", sources: ["builder-context/step-1/src-0/odd $name [1]'s.txt"], dst: "/odd folder/" },
        { action: "run", command: "echo 'daemon:x:1:1::/:/bin/sh' >> /etc/passwd && echo 'daemon:x:1:' >> /etc/group" },
        { action: "run", command: 'echo "$GREETING" > /greeting\nwhoami >> /greeting' },
        { action: "make_dir", path: "/data dir", mode: "0777" },
        { action: "user", user: "daemon" },
        { action: "run", command: "whoami > '/data dir/who'" },
        { action: "run", command: "whoami > /root-was-here", user: "root" },
        { action: "workdir", path: "/data dir" },
        { action: "make_symlink", target: "who", path: "/data dir/link" },
        { action: "skip_cache" },
        { action: "run", command: "echo gone > gone && echo moved > moved" },
        { action: "remove", path: "/data dir/gone", recursive: true, force: true },
        { action: "rename", src: "/data dir/moved", dst: "/data dir/renamed" },
      ],
    });
    expect(build.error ?? "").toBe("");
    expect(entries.at(-1).kind).toBe("end");
    expect(build).toMatchObject({ status: "ready", source_type: "declarative", build_backend: "native" });
    const look =
      "cat /greeting '/data dir/who' /root-was-here link renamed; id -un; pwd; env | grep -c GREETING; " +
      "stat -c '%a %n' /etc/conf/deep /etc/conf/deep/x /etc/conf/y /odd '/data dir'; ls '/odd folder'; ls";
    expect(await inImage(build.template_id, look)).toBe(
      [
        'it\'s a "test" $HOME',
        "root",
        "daemon",
        "root",
        "daemon",
        "moved",
        "daemon",
        "/data dir",
        "0",
        "555 /etc/conf/deep",
        "444 /etc/conf/deep/x",
        "444 /etc/conf/y",
        "640 /odd",
        "777 /data dir",
        "odd $name [1]'s.txt",
        "link",
        "renamed",
        "who",
      ].join("\n"),
    );
  });

  it("names the step of the definition that failed", async () => {
    const { build } = await service.build({
      name: "failing-steps",
      base_image: BASE_IMAGE,
      steps: [
        { action: "user", user: "12345:12345" },
        { action: "workdir", path: "/tmp" },
        { action: "run", command: "exit 5", user: "root" },
      ],
    });
    expect(build.error_detail).toMatchObject({ step_index: 3, details: { exit_code: 5 } });
  });

  it("starts from a template of the service, and is pinned to the artifact that the ref meant", async () => {
    const parent = await service.build({
      name: "parent",
      base_image: BASE_IMAGE,
      steps: [{ action: "run", command: "echo parent > /p" }],
    });
    const child = await service.build({ name: "child", base_image: "local/parent:default" });
    expect(child.build).toMatchObject({ status: "ready", source_type: "template_base" });
    expect(await inImage(child.build.template_id, "cat /p")).toBe("parent");
    expect(parent.build.template_id).not.toBe(child.build.template_id);
  });

  it("builds on the template that comes with the service", async () => {
    const { build } = await service.build({ name: "on-base", base_image: "nullspace/base:latest" });
    expect(build).toMatchObject({ status: "ready", source_type: "template_base" });
  });

  it("fails in the phase prepare when the base image does not exist", async () => {
    const { build } = await service.build({
      name: "no-base",
      base_image: BASE_IMAGE.replace(/:[^:/]*$/, ":no-such-tag"),
    });
    expect(build).toMatchObject({
      status: "error",
      error_detail: { phase: "prepare", details: { reason: "base_image_unavailable" } },
    });
  });
});

describe("the start command", () => {
  it("is run once, and the build is ready when its readiness check has passed", async () => {
    const { build, entries } = await service.build({
      name: "server",
      base_image: BASE_IMAGE,
      start_cmd: "mkdir -p /www && echo up > /www/index.html && exec httpd -f -p 8080 -h /www",
      runtime_config: {
        default_envs: { SECRET: "value" },
        readiness: { kind: "http", port: 8080, path: "/index.html" },
      },
    });
    expect(build.error ?? "").toBe("");
    expect(build).toMatchObject({
      status: "ready",
      runtime_defaults: { default_env_keys: ["PATH", "SECRET"], readiness: { kind: "http", port: 8080 } },
    });
    expect(entries.map(({ phase }: { phase?: string }) => phase)).toEqual(
      expect.arrayContaining(["startup", "readiness"]),
    );
    const left = await engine.containers.list({
      all: true,
      filters: { label: [`dev.nullspace.local.build=${build.build_id}`] },
    });
    expect(left).toEqual([]);
  });

  it("fails the build in the phase readiness when it ends, or is never ready, and leaves no image", async () => {
    const ended = await service.build({ name: "ended", base_image: BASE_IMAGE, start_cmd: "echo oops; exit 9" });
    expect(ended.build.error_detail).toMatchObject({
      phase: "readiness",
      details: { reason: "start_command_exited", exit_code: 9, log_tail: ["oops"] },
    });
    const deaf = await service.build({
      name: "deaf",
      base_image: BASE_IMAGE,
      start_cmd: "sleep 60",
      runtime_config: { readiness: { kind: "tcp", port: 9, timeout_secs: 1, interval_ms: 100, startup_grace_secs: 0 } },
    });
    expect(deaf.build.error_detail).toMatchObject({ phase: "readiness", details: { reason: "readiness_timeout" } });
    await expect(engine.images.inspect(`nullspace-local/${deaf.build.template_id}`)).rejects.toThrow("No such image");
  });
});
