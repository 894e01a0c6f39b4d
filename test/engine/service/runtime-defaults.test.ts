import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let service: RunningService;
const engine = new DockerEngine();
const images: string[] = [];

beforeAll(async () => {
  service = await RunningService.start();
});
afterAll(async () => {
  for (const image of images) await engine.images.remove(image, { force: true });
  await service[Symbol.asyncDispose]();
  await engine.close();
});

/** An image on the engine that no service has made. */
async function foreignImage(...lines: string[]): Promise<string> {
  const tags = `nullspace-test/runtime-${Math.random().toString(36).slice(2)}:1`;
  images.push(tags);
  await engine.build({ fileobj: [`FROM ${BASE_IMAGE}`, ...lines, ""].join("\n"), tags }).done;
  return tags;
}

/** What a command prints in a machine of the template. */
async function inMachine(template: string, command: string): Promise<string> {
  const made = await service.call(
    "POST",
    "/v1/machines",
    { template, vcpus: 1, memory_mb: 64 },
    { "idempotency-key": crypto.randomUUID() },
  );
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const run = await service.call("POST", `/v1/machines/${made.body.id}/exec`, { command: "sh", args: ["-c", command] });
  await service.call("DELETE", `/v1/machines/${made.body.id}`);
  return String(run.body.stdout).trim();
}

describe("a child template", () => {
  it("has its parent's runtime variables in its build and in its machines, by any form of the ref", async () => {
    const parent = await service.build({
      name: "parent",
      tags: ["v1"],
      base_image: BASE_IMAGE,
      runtime_config: { default_envs: { FROM_PARENT: "it's $HOME", BOTH: "parent", "odd name": "1" } },
    });
    expect(parent.build.status, parent.build.error).toBe("ready");
    for (const ref of ["local/parent:v1", `local/parent:${parent.build.build_id}`, parent.build.template_id]) {
      const { build } = await service.build({
        name: "child",
        base_image: ref,
        steps: [{ action: "run", command: 'echo "$FROM_PARENT,$BOTH,$OWN" > /seen' }],
        build_envs: { OWN: "build", BOTH: "build" },
        runtime_config: { default_envs: { OWN: "child" } },
      });
      expect(build.status, build.error).toBe("ready");
      expect(build.runtime_defaults.default_env_keys).toEqual(
        expect.arrayContaining(["BOTH", "FROM_PARENT", "OWN", "odd name"]),
      );
      expect(await inMachine(build.template_id, 'cat /seen; echo "$FROM_PARENT,$BOTH,$OWN"')).toBe(
        "it's $HOME,build,build\nit's $HOME,parent,child",
      );
    }
    const grandchild = await service.build({ name: "grandchild", base_image: "local/child" });
    expect(grandchild.build.status, grandchild.build.error).toBe("ready");
    expect(await inMachine("local/grandchild", 'echo "$FROM_PARENT,$OWN"')).toBe("it's $HOME,child");
  });
});

describe("an imported image", () => {
  it("gives its user, folder, command and the names of its variables, and its command runs", async () => {
    const base_image = await foreignImage(
      'ENV A=1 B="x y"',
      "RUN mkdir /w && chmod 777 /w",
      "WORKDIR /w",
      "USER 1000:1000",
      'ENTRYPOINT ["sh", "-c", "echo \\"$0 $1\\" > /w/started; exec sleep 1000"]',
      'CMD ["it\'s", "two words"]',
    );
    const { build } = await service.build({ name: "imported", base_image });
    expect(build.status, build.error).toBe("ready");
    expect(build.source_type).toBe("oci_import");
    expect(build.runtime_defaults).toMatchObject({
      default_env_keys: ["A", "B", "PATH"],
      default_user: "1000:1000",
      default_workdir: "/w",
      start_cmd: `sh -c 'echo "$0 $1" > /w/started; exec sleep 1000' 'it'\\''s' 'two words'`,
    });
    expect(await inMachine("local/imported", "sleep 1; cat started; pwd; id -u; echo $B")).toBe(
      "it's two words\n/w\n1000\nx y",
    );
    const info = await service.call("GET", "/v1/templates/refs/local%2Fimported");
    expect(info.body.runtime_defaults).toEqual(build.runtime_defaults);
  });

  it("lives on when its own command ends, as a shell without a terminal does", async () => {
    const base_image = await foreignImage('CMD ["sh"]');
    const { build } = await service.build({ name: "shell", base_image });
    expect(build.runtime_defaults.start_cmd).toBe("sh");
    expect(await inMachine("local/shell", "sleep 1; echo alive")).toBe("alive");
  });

  it("runs the start command that is given instead of its own", async () => {
    const base_image = await foreignImage('CMD ["false"]');
    const { build } = await service.build({ name: "given", base_image, start_cmd: "touch /given; exec sleep 1000" });
    expect(build.runtime_defaults.start_cmd).toBe("touch /given; exec sleep 1000");
    expect(await inMachine("local/given", "ls /given")).toBe("/given");
  });
});

describe("a health check", () => {
  const start_cmd = "sleep 1; touch /up; exec sleep 1000";

  it.each([
    ["HEALTHCHECK CMD test -f /up && true", { kind: "command", command: "test -f /up && true" }],
    ['HEALTHCHECK CMD ["test", "-f", "/up"]', { kind: "command", command: "test -f /up" }],
    [
      "HEALTHCHECK --interval=200ms --timeout=1s --start-period=2s --retries=5 CMD test -f /up",
      { kind: "command", command: "test -f /up", interval_ms: 200, timeout_secs: 8 },
    ],
  ])("is the readiness check where none is given: %s", async (line, readiness) => {
    const { build } = await service.build({ name: "healthy", dockerfile: `FROM ${BASE_IMAGE}\n${line}\n`, start_cmd });
    expect(build.status, build.error).toBe("ready");
    expect(build.runtime_defaults.readiness).toEqual(readiness);
    expect(build.oci_metadata.healthcheck.mapped_readiness).toEqual(readiness);
    expect(await inMachine("local/healthy", "ls /up")).toBe("/up");
  });

  it.each([
    ["of an image that switches it off", "HEALTHCHECK NONE", { start_cmd }],
    [
      "beside a readiness check",
      "HEALTHCHECK CMD false",
      { start_cmd, runtime_config: { readiness: { kind: "timeout", timeout_ms: 1 } } },
    ],
    ["where nothing is started", "HEALTHCHECK CMD false", {}],
  ])("is none %s", async (_what, line, more) => {
    const { build } = await service.build({ name: "plain", dockerfile: `FROM ${BASE_IMAGE}\n${line}\n`, ...more });
    expect(build.status, build.error).toBe("ready");
    expect(build.oci_metadata.healthcheck?.mapped_readiness).toBeUndefined();
    expect(build.runtime_defaults.readiness?.kind).not.toBe("command");
  });
});

describe("the base template", () => {
  it("is called default too, and idles", async () => {
    expect(await inMachine("nullspace/base:default", "echo here")).toBe("here");
    const { body } = await service.call("GET", "/v1/templates/refs/nullspace%2Fbase%3Adefault");
    expect(body).toMatchObject({ tags: ["default", "latest"], default_tag: "default" });
    expect(body.runtime_defaults.start_cmd).toBeUndefined();
  });
});
