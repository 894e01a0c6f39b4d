import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

let daemon: OwnEngine;
let engine: DockerEngine;
let service: RunningService;

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.close();
  await daemon[Symbol.asyncDispose]();
});

beforeAll(async () => {
  daemon = await OwnEngine.start();
  engine = new DockerEngine({ host: daemon.host, env: {} });
  await engine.images.pull(BASE_IMAGE);
  service = await RunningService.start({ dockerHost: daemon.host, buildConcurrency: 2 });
});

const OFFLINE = { internet_access: false };
let count = 0;

/** Starts a build that takes a while. @returns its id */
async function start(name: string, more: object = {}): Promise<string> {
  const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo begun-${name}-${++count} && sleep 2\n`;
  const body = { name, dockerfile, build_config: OFFLINE, ...more };
  const accepted = await service.call("POST", "/v1/templates/builds", body);
  expect(accepted.status).toBe(202);
  return accepted.body.build_id as string;
}

const logOf = async (buildId: string): Promise<string> =>
  JSON.stringify((await service.call("GET", `/v1/templates/builds/${buildId}`)).body.entries);

async function hasBegun(buildId: string, text = '"message":"begun'): Promise<void> {
  await expect.poll(() => logOf(buildId), { timeout: 30_000 }).toContain(text);
}

const ENDS = {
  "is killed": (one: OwnEngine) => one.kill(),
  "is restarted in good order": (one: OwnEngine) => one.stop(),
};

afterEach(() => {
  count += 1;
});

describe.each(Object.entries(ENDS))("when the engine %s", (_how, end) => {
  it("the builds that it cut begin again, and those that wait go on waiting", async () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const ids: string[] = [];
    for (const name of names) ids.push(await start(name));
    await hasBegun(ids[0]!);
    await hasBegun(ids[1]!);
    await end(daemon);
    await expect.poll(() => logOf(ids[0]!), { timeout: 30_000 }).toContain("The build waits for its engine");
    const states = await Promise.all(
      ids.map(async (id) => (await service.call("GET", `/v1/templates/builds/${id}`)).body.build.status as string),
    );
    expect(new Set(states)).toEqual(new Set(["waiting"]));
    await daemon.startAgain();
    for (const id of ids) expect((await service.waitForEnd(id)).build.status).toBe("ready");
    expect(await logOf(ids[0]!)).toContain("The build was cut and begins again");
  });

  it("a build whose start command was being tried begins again", async () => {
    const id = await start("launched", {
      start_cmd: "echo up; sleep 600",
      runtime_config: { readiness: { kind: "timeout", timeout_ms: 3_000 } },
    });
    await hasBegun(id, "Running the start command");
    await new Promise((resolve) => setTimeout(resolve, 700));
    await end(daemon);
    await expect.poll(() => logOf(id), { timeout: 30_000 }).toContain("The build waits for its engine");
    await daemon.startAgain();
    expect((await service.waitForEnd(id)).build.status).toBe("ready");
  });
});

describe("with the classic builder, when the engine is restarted in good order", () => {
  it("the build that it cut begins again", async () => {
    const own = await OwnEngine.start({ features: { buildkit: false } });
    const client = new DockerEngine({ host: own.host, env: {} });
    await client.images.pull(BASE_IMAGE);
    await client.close();
    const classic = await RunningService.start({ dockerHost: own.host });
    try {
      const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo begun && sleep 2\n`;
      const { body } = await classic.call("POST", "/v1/templates/builds", {
        name: "classic",
        dockerfile,
        build_config: OFFLINE,
      });
      const log = async () =>
        JSON.stringify((await classic.call("GET", `/v1/templates/builds/${body.build_id}`)).body.entries);
      await expect.poll(log, { timeout: 30_000 }).toContain('"message":"begun');
      await own.stop();
      await expect.poll(log, { timeout: 30_000 }).toContain("The build waits for its engine");
      await own.startAgain();
      expect((await classic.waitForEnd(body.build_id as string)).build.status).toBe("ready");
    } finally {
      await classic[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    }
  });
});
