import { randomUUID } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Ajv } from "ajv";
import { BuildList, LogEntry, WarmPool } from "../../../sdk/wire/index.ts";
import { LonelyService } from "../../unit/service/lonely-service.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";
import { runCommand, type CommandOptions } from "./terminal/run-command.ts";

const ESCAPE = "\u001b[";
const count = { type: "integer", minimum: 0 };
const check = {
  type: "object",
  required: ["status", "message"],
  properties: { status: { enum: ["ok", "fail"] }, message: { type: "string" } },
  additionalProperties: false,
};
const STATUS = {
  type: "object",
  required: ["url", "status", "checks", "builds", "machines", "pools"],
  additionalProperties: false,
  properties: {
    url: { type: "string" },
    status: { enum: ["ready", "not_ready"] },
    checks: { type: "object", required: ["engine", "store", "disk"], additionalProperties: check },
    builds: { type: "object", required: ["waiting", "building"], additionalProperties: count },
    machines: { type: "object", required: ["creating", "running", "paused"], additionalProperties: count },
    pools: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "state", "ready", "min_ready"],
        properties: { name: { type: "string" }, state: { type: "string" }, ready: count, min_ready: count },
        additionalProperties: false,
      },
    },
  },
};

let service: RunningService;
let env: Record<string, string>;
let buildId: string;
let brokenId: string;

beforeAll(async () => {
  // One address over restarts.
  service = await RunningService.start({ port: await freePort() });
  env = { NULLSPACE_API_URL: service.url, NULLSPACE_API_KEY: service.apiKey };
  // New each time: a layer from the cache says nothing.
  const command = `: ${randomUUID()}; printf 'a\\033[2Jb\\033[31mred\\n'`;
  const steps = [{ action: "run", command }];
  ({ build_id: buildId } = (await service.build({ name: "web", base_image: BASE_IMAGE, steps })).build);
  const broken = await service.build({
    name: "broken",
    base_image: BASE_IMAGE,
    steps: [{ action: "run", command: "exit 3" }],
  });
  brokenId = broken.build.build_id;
  const pool = {
    name: "warm",
    template_ref: "web",
    min_ready: 0,
    max_ready: 0,
    resources: { vcpus: 1, memory_mb: 64 },
  };
  expect((await service.call("POST", "/v1/template-warm-pools", pool)).status).toBe(201);
});

afterAll(() => service[Symbol.asyncDispose]());

const run = (args: string[], options: Partial<CommandOptions> = {}) => runCommand(args, { env, ...options });

describe("nullspace-local on a terminal", () => {
  it("says whether the service is ready and what it does, in colours", async () => {
    const { code, stdout } = await run(["status"], { terminal: true });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${service.url}  ${ESCAPE}32mready${ESCAPE}39m`)]);
    expect(stdout).toContain("The engine answers.");
    expect(stdout).toMatch(/^builds +0 running, 0 waiting$/m);
  });

  it("lists builds, also those of templates that never became ready, and pools", async () => {
    const { stdout } = await run(["builds"]);
    const [headings, ...rows] = stdout.trimEnd().split("\n");
    expect(headings).toMatch(/^BUILD +TEMPLATE +TAGS +STATE/);
    // The service makes its builtin template by itself, in between.
    expect(rows.filter((row) => !row.includes("  base "))).toEqual([
      expect.stringMatching(new RegExp(`^${brokenId} +broken +default +error \\(build_step\\) `)),
      expect.stringMatching(new RegExp(`^${buildId} +web +default +ready `)),
    ]);
    expect((await run(["builds", "web"])).stdout).not.toContain(brokenId);
    expect((await run(["pools"])).stdout).toMatch(/^warm +\S*web +enabled +0 of 0 to 0 /m);
  });

  it("shows a log without what would steer the terminal, and ends with the outcome when it follows", async () => {
    const ready = await run(["logs", "-f", buildId], { terminal: true });
    expect([ready.code, ready.stdout]).toEqual([0, expect.stringContaining("Build ready: local/web")]);
    expect(ready.stdout).not.toContain(`${ESCAPE}2J`);
    expect(ready.stdout).toContain(`ab${ESCAPE}31mred${ESCAPE}0m`);
    expect((await run(["logs", "--follow", brokenId])).code).toBe(1);
    expect((await run(["logs", brokenId])).code).toBe(0);
  });

  it("has colours for terminals alone, and where they are asked for", async () => {
    for (const command of [["status"], ["doctor", "--data", service.dataDirectory]]) {
      const hasColour = async (args: Partial<CommandOptions>) => (await run(command, args)).stdout.includes(ESCAPE);
      const asked = [
        hasColour({ terminal: true }),
        hasColour({}),
        hasColour({ terminal: true, env: { ...env, NO_COLOR: "1" } }),
        hasColour({ env: { ...env, FORCE_COLOR: "1" } }),
      ];
      expect([command, ...(await Promise.all(asked))]).toEqual([command, true, false, false, true]);
    }
  });

  it("follows a log over a restart of the service, and ends clean at Ctrl-C", async () => {
    const command = `: ${randomUUID()}; echo one; sleep 600`;
    const { body } = await service.call("POST", "/v1/templates/builds", {
      name: "long",
      base_image: BASE_IMAGE,
      steps: [{ action: "run", command }],
    });
    let restarted: Promise<void> | undefined;
    let isInterrupted = false;
    const { code, stdout } = await run(["logs", "-f", body.build_id], {
      terminal: true,
      onOutput: (written, type) => {
        if (/one\r?\n/.test(written)) restarted ??= service.restart();
        if (!isInterrupted && /begins again[^]*Build started/.test(written)) {
          isInterrupted = true;
          type("\u0003");
        }
      },
    });
    await restarted;
    await service.call("POST", `/v1/templates/builds/${body.build_id}/cancel`);
    expect([code, stdout]).toEqual([130, expect.stringContaining("Build started")]);
    expect(stdout.match(/Build started/g)).toHaveLength(2);
    expect(stdout).not.toMatch(/ {4}at |Error/);
  });
});

describe("--json", () => {
  it("has a schema for each command", async () => {
    const json = async (...args: string[]): Promise<unknown> => JSON.parse((await run([...args, "--json"])).stdout);
    const validate = new Ajv({ strict: false }).compile(STATUS);
    expect([validate(await json("status")), validate.errors]).toEqual([true, null]);
    expect(BuildList.parse(await json("builds")).builds.map(({ build_id }) => build_id)).toContain(brokenId);
    const { pools } = (await json("pools")) as { pools: unknown[] };
    expect(WarmPool.array().parse(pools)).toMatchObject([{ name: "warm" }]);
    const lines = (await run(["logs", buildId, "--json"])).stdout.trimEnd().split("\n");
    const entries = lines.map((line) => LogEntry.parse(JSON.parse(line)));
    expect(entries.map(({ offset }) => offset)).toEqual([...entries.keys()]);
    // Also on a terminal there is nothing in it but JSON.
    const doctor = await run(["doctor", "--json", "--data", service.dataDirectory], { terminal: true });
    expect(JSON.parse(doctor.stdout)).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: "keys" })]),
    });
  });
});

describe("without what they need", () => {
  it("the commands say in words what to do: no service, no key, a build that is not there, wrong words", async () => {
    const nobody = { ...env, NULLSPACE_API_URL: `http://127.0.0.1:${await freePort()}` };
    for (const command of [["status"], ["builds"], ["pools"], ["logs", "tb_1"]]) {
      const { code, stdout } = await run(command, { env: nobody, terminal: true });
      expect([code, stdout], command.join(" ")).toEqual([1, expect.stringContaining("nullspace-local serve")]);
      expect(stdout).not.toMatch(/ {4}at /);
    }
    const piped = await run(["status"], { env: nobody });
    expect(JSON.parse(piped.stderr)).toMatchObject({ error: { code: "transport_error" } });
    expect((await run(["status"], { env: {} })).stderr).toContain("NULLSPACE_API_KEY");
    const unknown = await run(["logs", "tb_none"]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("template_build_not_found")]);
    for (const wrong of [["logs"], ["builds", "--limit", "0"], ["status", "x"]])
      expect((await run(wrong)).code).toBe(2);
  });

  it("status ends with 1 when the service is not ready", async () => {
    await using lonely = await LonelyService.start();
    const { url, apiKey } = lonely.service;
    const { code, stdout } = await run(["status"], { env: { NULLSPACE_API_URL: url, NULLSPACE_API_KEY: apiKey } });
    expect([code, stdout]).toEqual([1, expect.stringContaining("The engine does not answer.")]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
