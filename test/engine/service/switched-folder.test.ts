import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalServiceOptions } from "../../../service/index.ts";
import { LOGIN } from "../docker/private-registry.ts";
import { startBuildSite, type BuildSite } from "./registry-world.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const SIZE = { vcpus: 1, memory_mb: 64 };
const GONE = { artifact_availability: { status: "unavailable" }, promotability: { promotable: false } };
const THERE = { artifact_availability: { status: "available" }, promotability: { promotable: true } };

const folder = mkdtempSync(join(tmpdir(), "nullspace-switched-"));
const dataDirectory = join(folder, "data");
let site: BuildSite;

beforeAll(async () => {
  site = await startBuildSite();
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The service as an operator serves the same folder now. */
async function served<T>(more: LocalServiceOptions, use: (service: RunningService) => Promise<T>): Promise<T> {
  const service = await RunningService.start({ dataDirectory, ...more });
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

const onEngine = () => ({});
const onRegistry = (): LocalServiceOptions => ({
  baseImage: site.baseImage,
  buildkit: {
    addresses: site.builders.map(({ address }) => address),
    registry: { repository: `${site.registry.host}/switched`, auth: LOGIN },
  },
});

const buildOf = async (service: RunningService, buildId: string) =>
  (await service.call("GET", `/v1/templates/builds/${buildId}`)).body.build;
const poolOf = async (service: RunningService, poolId: string) =>
  (await service.call("GET", `/v1/template-warm-pools/${poolId}`)).body;
const read = async (service: RunningService, machineId: string) =>
  (await service.call("POST", `/v1/machines/${machineId}/exec`, { command: "cat", args: ["/made"], background: false }))
    .body.stdout;
const create = (service: RunningService, body: object) =>
  service.call("POST", "/v1/machines", { ...SIZE, ...body }, { "idempotency-key": crypto.randomUUID() });

describe("a data folder that is served with an engine, then with a registry, then with the engine again", () => {
  it("calls gone what is not where it keeps images now, and has it again when it is back", async () => {
    const body = (base: string, text: string, name = "web") => ({
      name,
      tags: ["stable"],
      dockerfile: `FROM ${base}\nRUN echo ${text} > /made\n`,
    });
    const until = async (what: () => Promise<unknown>, value: unknown) =>
      expect.poll(what, { timeout: 30_000 }).toMatchObject(value as object);

    const { first, poolId, machineId } = await served(onEngine(), async (service) => {
      const { build } = await service.build(body(BASE_IMAGE, "engine"));
      const { body: pool } = await service.call("POST", "/v1/template-warm-pools", {
        name: "web",
        template_ref: "local/web:stable",
        version_policy: "track_tag",
        min_ready: 1,
        max_ready: 1,
        resources: SIZE,
      });
      await until(() => poolOf(service, pool.id), { status: { ready: 1 } });
      const { body: machine } = await create(service, { template: "local/web:stable" });
      expect(await read(service, machine.id)).toBe("engine\n");
      return { first: build.build_id as string, poolId: pool.id as string, machineId: machine.id as string };
    });

    const second = await served(onRegistry(), async (service) => {
      await until(() => buildOf(service, first), GONE);
      const { status, body: refused } = await service.call("GET", "/v1/templates/refs/local%2Fweb%3Astable");
      expect([status, refused.details]).toEqual([404, { reason: "artifact_gone" }]);
      // Machines are where they were.
      expect(await read(service, machineId)).toBe("engine\n");
      const asked = await create(service, { template: "local/web:stable" });
      expect([asked.status, asked.body.code]).toEqual([404, "template_not_found"]);
      const { build } = await service.build(body(site.baseImage, "registry"));
      expect(build).toMatchObject({ status: "ready", ...THERE });
      await until(() => poolOf(service, poolId), { resolved_template_build_id: build.build_id, status: { ready: 1 } });
      const { body: machine } = await create(service, { template: "local/web:stable" });
      expect(await read(service, machine.id)).toBe("registry\n");
      const { build: unused } = await service.build(body(site.baseImage, "unused", "unused"));
      return {
        buildId: build.build_id as string,
        unusedId: unused.build_id as string,
        machineId: machine.id as string,
      };
    });

    await served(onEngine(), async (service) => {
      await until(() => buildOf(service, first), THERE);
      for (const [id, text] of [
        [machineId, "engine\n"],
        [second.machineId, "registry\n"],
      ] as const) {
        expect(await read(service, id)).toBe(text);
      }
      await until(() => buildOf(service, second.unusedId), GONE);
      // The engine has fetched it for a machine, and can start more of it.
      await until(() => buildOf(service, second.buildId), THERE);
      const { body: more } = await create(service, { template: `local/web:${second.buildId}` });
      expect(await read(service, more.id)).toBe("registry\n");
      const ref = encodeURIComponent(`local/web:${first}`);
      expect((await service.call("POST", `/v1/templates/refs/${ref}/tags`, { tags: ["stable"] })).status).toBe(200);
      await until(() => poolOf(service, poolId), { resolved_template_build_id: first, status: { ready: 1 } });
    });

    await using last = await RunningService.start({ dataDirectory, ...onRegistry() });
    for (const id of [second.buildId, second.unusedId]) await until(() => buildOf(last, id), THERE);
    await until(() => buildOf(last, first), GONE);
  });
});
