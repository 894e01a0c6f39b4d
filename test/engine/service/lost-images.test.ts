import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let daemon: OwnEngine;
let engine: DockerEngine;
let service: RunningService;

beforeAll(async () => {
  daemon = await OwnEngine.start();
  engine = new DockerEngine({ host: daemon.host, env: {} });
  await engine.images.pull(BASE_IMAGE);
  service = await RunningService.start({ dockerHost: daemon.host });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.close();
  await daemon[Symbol.asyncDispose]();
});

/** What people do when a disk is full. */
async function pruneImages(): Promise<void> {
  await promisify(execFile)("docker", ["--host", daemon.host, "image", "prune", "--all", "--force"]);
  expect(await engine.images.list()).toEqual([]);
}

let count = 0;
const body = (name: string) => ({
  name,
  dockerfile: `FROM ${BASE_IMAGE}\nRUN echo ${++count} ${Math.random()} > /made\n`,
  build_config: { internet_access: false },
});
const createMachine = (request: object) =>
  service.call(
    "POST",
    "/v1/machines",
    { internet_access: false, ...request },
    { "idempotency-key": crypto.randomUUID() },
  );
const buildOf = async (buildId: string) => (await service.call("GET", `/v1/templates/builds/${buildId}`)).body.build;

const LOST = {
  artifact_availability: { status: "unavailable", reason: "its image is no longer there" },
  promotability: { status: "unavailable", promotable: false },
};
const THERE = { artifact_availability: { status: "available" }, promotability: { promotable: true } };

describe("an artifact whose image was removed from the engine by somebody else", () => {
  it("is told to be gone soon, wherever it is asked for, until it is built again", async () => {
    const { build } = await service.build(body("web"));
    expect(build).toMatchObject(THERE);
    await pruneImages();
    await expect.poll(() => buildOf(build.build_id), { timeout: 10_000 }).toMatchObject(LOST);
    for (const ref of ["web", `web:${build.build_id}`, build.template_id]) {
      const { status, body: answer } = await service.call("GET", `/v1/templates/refs/${encodeURIComponent(ref)}`);
      expect([status, answer.code, answer.details]).toEqual([404, "template_not_found", { reason: "artifact_gone" }]);
      expect(answer.error).toContain("no longer there");
    }
    const promoted = await service.call("POST", `/v1/templates/builds/${build.build_id}/promote`, { tag: "stable" });
    expect([promoted.status, promoted.body.details]).toEqual([409, { promotability: "unavailable" }]);
    const again = await service.build(body("web"));
    expect((await service.call("GET", "/v1/templates/refs/web")).body.id).toBe(again.build.template_id);
  });

  it("is known to be gone by the machine that does not start, at the latest", async () => {
    const { build } = await service.build(body("cold"));
    await pruneImages();
    // At once: before any event has been looked at.
    const { status, body: answer } = await createMachine({ template: "cold" });
    expect([status, answer.code, answer.details]).toEqual([404, "template_not_found", { reason: "artifact_gone" }]);
    expect(await buildOf(build.build_id)).toMatchObject(LOST);
  });

  it("is known to be gone after a restart, and to be back when its image is", async () => {
    const { build } = await service.build(body("moved"));
    const ref = `nullspace-local/${build.template_id}:latest`;
    const { Id } = await engine.images.inspect(ref);
    const archive = `/tmp/nullspace-lost-${process.pid}.tar`;
    await promisify(execFile)("docker", ["--host", daemon.host, "save", "--output", archive, Id]);
    try {
      await service.restart(pruneImages);
      await expect.poll(() => buildOf(build.build_id), { timeout: 10_000 }).toMatchObject(LOST);
      await service.restart(async () => {
        await promisify(execFile)("docker", ["--host", daemon.host, "load", "--input", archive]);
      });
      await expect.poll(() => buildOf(build.build_id), { timeout: 10_000 }).toMatchObject(THERE);
      // It has its name again, without which the next prune would take it.
      expect((await engine.images.inspect(ref)).Id).toBe(Id);
    } finally {
      await promisify(execFile)("rm", ["--force", archive]);
    }
  });

  it("keeps a warm pool from being filled, and fills it when its tag moves on", async () => {
    await service.build({ ...body("pooled"), tags: ["live"] });
    const pool = await service.call("POST", "/v1/template-warm-pools", {
      name: "pool",
      template_ref: "pooled:live",
      version_policy: "track_tag",
      track_tag: "live",
      min_ready: 0,
      max_ready: 1,
      resources: { vcpus: 1, memory_mb: 512 },
    });
    expect(pool.status).toBe(201);
    const path = `/v1/template-warm-pools/${pool.body.id}`;
    await pruneImages();
    expect((await service.call("PATCH", path, { min_ready: 1 })).status).toBe(200);
    await expect
      .poll(async () => (await service.call("GET", path)).body.degraded_reason, { timeout: 10_000 })
      .toBe("template_build_unavailable");
    await service.build({ ...body("pooled"), tags: ["live"] });
    await expect.poll(async () => (await service.call("GET", path)).body.status.ready, { timeout: 20_000 }).toBe(1);
    await service.call("DELETE", path);
  });
});

describe("the base template", () => {
  it("is made again when its image was removed from the engine", async () => {
    const first = await createMachine({});
    expect(first.status).toBe(201);
    await service.call("DELETE", `/v1/machines/${first.body.id}`);
    await pruneImages();
    const atOnce = await createMachine({});
    expect(atOnce.status).toBe(201);
    await service.call("DELETE", `/v1/machines/${atOnce.body.id}`);
    await pruneImages();
    await expect
      .poll(async () => (await service.call("GET", "/v1/templates")).body.map(({ name }: { name: string }) => name), {
        timeout: 10_000,
      })
      .not.toContain("base");
    const later = await createMachine({ template: "base" });
    expect(later.status).toBe(201);
  });
});
