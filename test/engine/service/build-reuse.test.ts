import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let service: RunningService;
const engine = new DockerEngine();
/** A name of our own for the base, which we can move. */
const movable = `nullspace-reuse-test-${process.pid}:1`;

beforeAll(async () => {
  service = await RunningService.start();
  await engine.images.tag(BASE_IMAGE, movable);
});

afterAll(async () => {
  await engine.images.remove(movable, { force: true });
  await service[Symbol.asyncDispose]();
  await engine.close();
});

let count = 0;
/** A build that no other test, and no earlier run, has done. */
const fresh = (base = BASE_IMAGE) => ({
  name: `reuse-${count++}`,
  dockerfile: `FROM ${base}\nCOPY . /app\nRUN echo ${process.pid} ${count} ${Math.random()} > /made\n`,
});

const HIT = { final_artifact_hits: 1, layer_hits: 0, layer_misses: 0 };
const NO_HIT = { final_artifact_hits: 0 };

function imageOf({ template_id }: { template_id: string }) {
  return engine.images.inspect(`nullspace-local/${template_id}`);
}

describe("a build in which nothing has changed", () => {
  it("is a build of its own with the image of the earlier one, which outlives that one", async () => {
    const body = { ...fresh(), build_context: { files: await service.upload({ a: "1", "b/c": "2" }) } };
    const first = await service.build(body);
    expect(first.build.cache_summary).toMatchObject({ ...NO_HIT, final_artifact_misses: 1, final_artifact_stores: 1 });
    const second = await service.build({ ...body, name: "reuse-again", tags: ["v2"] });
    expect(second.build).toMatchObject({ status: "ready", tags: ["v2"], cache_summary: HIT });
    expect(second.build.build_id).not.toBe(first.build.build_id);
    expect(second.build.template_id).not.toBe(first.build.template_id);
    expect(second.entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      "start",
      "message",
      "cache",
      "cache",
      "end",
    ]);
    expect(second.entries.at(-2)).toMatchObject({
      cache_kind: "final_artifact",
      cache_status: "hit",
      message: `Nothing has changed since build ${first.build.build_id}: its image is used again`,
    });
    const { Id } = await imageOf(first.build);
    expect((await imageOf(second.build)).Id).toBe(Id);
    expect((await service.call("DELETE", `/v1/templates/refs/local%2F${body.name}`)).status).toBe(204);
    const { status, body: machine } = await service.call(
      "POST",
      "/v1/machines",
      { template: "local/reuse-again:v2" },
      { "idempotency-key": `reuse-${process.pid}` },
    );
    expect(status).toBe(201);
    const ran = await service.call("POST", `/v1/machines/${machine.id}/exec`, { command: "cat /app/b/c", shell: true });
    expect(ran.body.stdout).toBe("2");
    await service.call("DELETE", `/v1/machines/${machine.id}`);
  });

  it("does not try the start command again", async () => {
    const body = {
      name: "reuse-started",
      base_image: BASE_IMAGE,
      steps: [{ action: "run", command: `echo ${Math.random()} > /made` }],
      start_cmd: "while :; do sleep 1; done",
      runtime_config: { readiness: { kind: "command", command: "test -e /made", startup_grace_secs: 0 } },
    };
    await service.build(body);
    const again = await service.build(body);
    expect(again.build.cache_summary).toMatchObject(HIT);
    expect(again.entries.filter(({ phase }: { phase?: string }) => phase === "startup")).toEqual([]);
    const other = await service.build({ ...body, start_cmd: "exec sleep 1000" });
    expect(other.build.cache_summary).toMatchObject(NO_HIT);
  });
});

describe("a build is made again", () => {
  it("when a file's mode, its text or its name is another", async () => {
    const body = fresh();
    const build = async (files: Parameters<RunningService["upload"]>[0]) =>
      (await service.build({ ...body, build_context: { files: await service.upload(files) } })).build.cache_summary;
    await build({ a: "1" });
    expect(await build({ a: "2" })).toMatchObject(NO_HIT);
    expect(await build({ b: "1" })).toMatchObject(NO_HIT);
    expect(await build({ a: { content: "1", mode: "0600" } })).toMatchObject(NO_HIT);
    expect(await build({ a: "1" })).toMatchObject(HIT);
  });

  it("when a build variable or a build argument has another value", async () => {
    const { name, dockerfile } = fresh();
    const body = { name, dockerfile: dockerfile.replace("RUN", "ARG MODE\nRUN") };
    const build = async (more: object) => (await service.build({ ...body, ...more })).build.cache_summary;
    await build({ build_envs: { MODE: "a" } });
    expect(await build({ build_envs: { MODE: "b" } })).toMatchObject(NO_HIT);
    expect(await build({ build_args: { MODE: "c" } })).toMatchObject(NO_HIT);
    expect(await build({ build_envs: { MODE: "a" } })).toMatchObject(HIT);
  });

  it("when its base has been moved on the engine", async () => {
    const body = fresh(movable);
    await service.build(body);
    expect((await service.build(body)).build.cache_summary).toMatchObject(HIT);
    const other = await service.build(fresh());
    await engine.images.tag(`nullspace-local/${other.build.template_id}`, movable);
    expect((await service.build(body)).build.cache_summary).toMatchObject(NO_HIT);
  });

  it("when the earlier image is gone from the engine", async () => {
    const body = fresh();
    const { build } = await service.build(body);
    await engine.images.remove(`nullspace-local/${build.template_id}`, { force: true });
    const again = await service.build(body);
    expect(again.build).toMatchObject({ status: "ready", cache_summary: NO_HIT });
  });

  it.each([
    ["whole_build_skip_cache", { skip_cache: true }],
    ["builder_cache_boundary", { steps: [{ action: "skip_cache" }, { action: "run", command: "true" }] }],
  ])("when it was asked to be: %s", async (reason, more) => {
    const body = "steps" in more ? { name: "reuse-asked", base_image: BASE_IMAGE } : fresh();
    await service.build({ ...body, ...more });
    const { build, entries } = await service.build({ ...body, ...more });
    expect(build.cache_summary).toMatchObject({ final_artifact_hits: 0, final_artifact_bypasses: 1 });
    expect(entries).toContainEqual(
      expect.objectContaining({ cache_kind: "final_artifact", cache_status: "bypass", cache_reason: reason }),
    );
  });
});

describe("builds that make the same at the same time", () => {
  it("are one run of the builder, each with its own artifact, log and tags; one that is cancelled leaves the others", async () => {
    const dockerfile = `FROM ${BASE_IMAGE}\nRUN : ${process.pid} && head -c 16 /dev/urandom | base64 > /made && echo begun && sleep 3\n`;
    const start = async (name: string) =>
      (await service.call("POST", "/v1/templates/builds", { name, tags: [name], dockerfile })).body.build_id as string;
    const ids = [await start("same-a"), await start("same-b"), await start("same-c")];
    const logOf = async (id: string) =>
      JSON.stringify((await service.call("GET", `/v1/templates/builds/${id}`)).body.entries);
    for (const id of ids) await expect.poll(() => logOf(id), { timeout: 30_000 }).toContain('"message":"begun"');
    expect((await service.call("POST", `/v1/templates/builds/${ids[0]}/cancel`, {})).body.build.status).toBe(
      "cancelled",
    );
    const [b, c] = [await service.waitForEnd(ids[1]!), await service.waitForEnd(ids[2]!)];
    expect([b.build.status, c.build.status]).toEqual(["ready", "ready"]);
    expect(b.build.template_id).not.toBe(c.build.template_id);
    const [one, other] = [await imageOf(b.build), await imageOf(c.build)];
    // What is random in it is the same: it was made once.
    expect(one.Id).toBe(other.Id);
    await expect(imageOf((await service.waitForEnd(ids[0]!)).build)).rejects.toMatchObject({
      code: "engine_not_found",
    });
    expect((await service.call("GET", "/v1/templates/refs/local%2Fsame-c%3Asame-c")).body.id).toBe(c.build.template_id);
  });
});
