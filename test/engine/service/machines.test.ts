import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreateMachineRequest, Machine } from "../../../sdk/wire/index.ts";
import { eventually, FleetFixture } from "./fleet-fixture.ts";

const fixture = new FleetFixture();
const SIZE = { vcpus: 1, memory_mb: 64 };

beforeAll(async () => {
  await fixture.start();
  fixture.seed("plain", "default");
  fixture.seed("env", "default", {
    runtime_config: { default_envs: { FROM: "template", BOTH: "template" }, default_workdir: "/srv" },
  });
});
afterAll(() => fixture[Symbol.asyncDispose]());

const machines = () => fixture.client.machines;
const create = (request: CreateMachineRequest = {}, idempotencyKey?: string): Promise<Machine> =>
  machines().create({ template: "plain", ...SIZE, ...request }, idempotencyKey === undefined ? {} : { idempotencyKey });

/** Calls without our client, which would not send such requests. */
async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const { url, apiKey } = fixture.access;
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("creating", () => {
  test("starts a machine of the size asked for, and answers only what there is", async () => {
    const machine = await create({ metadata: { team: "infra" }, cwd: "/tmp" });
    expect(machine).toMatchObject({
      status: "running",
      template: "plain",
      config: SIZE,
      cwd: "/tmp",
      metadata: { team: "infra" },
    });
    expect(Object.values(machine)).not.toContain(null);
    expect(machine.warm_pool_checkout).toBeUndefined();
    expect(Date.parse(machine.timeout_at ?? "")).toBeGreaterThan(Date.now());
    const [container] = await fixture.containers();
    const { HostConfig } = await fixture.engine.containers.inspect(container?.Id ?? "");
    expect(HostConfig).toMatchObject({ Memory: 64 * 1024 * 1024, CpuQuota: 100_000, CpuPeriod: 100_000, Init: true });
    await machines().delete(machine.id);
    await machines().delete(machine.id);
    expect(await fixture.containers()).toEqual([]);
  });

  test("one key makes one machine, at once and later; with another request it is refused", async () => {
    const key = randomUUID();
    const [first, second] = await Promise.all([create({}, key), create({}, key)]);
    const third = await create({}, key);
    expect(new Set([first.id, second.id, third.id]).size).toBe(1);
    expect(await fixture.containers()).toHaveLength(1);
    await expect(create({ vcpus: 2 }, key)).rejects.toMatchObject({ code: "conflict" });
    await machines().delete(first.id);
  });

  test("a start command that ends at once is no machine that runs, with no check either", async () => {
    fixture.seed("ends", "default", { start_cmd: "echo out of luck; exit 4" });
    await expect(create({ template: "ends" })).rejects.toMatchObject({
      code: "machine_start_failed",
      message: expect.stringMatching(/exit code 4[^]*out of luck/),
    });
    await eventually("nothing left behind", async () => (await fixture.containers()).length === 0);
  });

  test("a creation that failed may be repeated under its key", async () => {
    const key = randomUUID();
    fixture.seed("fails", "default", {
      start_cmd: "echo out of luck; exit 4",
      runtime_config: { readiness: { kind: "tcp", port: 1 } },
    });
    await expect(create({ template: "fails" }, key)).rejects.toMatchObject({
      code: "machine_start_failed",
      message: expect.stringMatching(/exit code 4[^]*out of luck/),
    });
    await eventually("nothing left behind", async () => (await fixture.containers()).length === 0);
    fixture.seed("fails", "default");
    const machine = await create({ template: "fails" }, key);
    expect(machine.status).toBe("running");
    await machines().delete(machine.id);
  });

  test.each([
    ["no template of that name", { template: "nobody" }, "template_not_found"],
    ["no such pool", { warm_pool: { id: "twp_nobody" } }, "warm_pool_not_found"],
    ["volumes", { volumes: [{ id: "v" }] }, "not_implemented"],
    ["a snapshot", { snapshot_id: "snap_1" }, "not_implemented"],
    ["a pool without id", { warm_pool: { mode: "require" } }, "invalid_request"],
    ["a life of a year", { timeout_ms: 365 * 24 * 3600 * 1000 }, "invalid_request"],
  ] as const)("refuses %s", async (_what, request, code) => {
    await expect(create(request as unknown as CreateMachineRequest)).rejects.toMatchObject({ code });
  });

  test("needs an idempotency key", async () => {
    const { status, body } = await call("POST", "/v1/machines", { template: "plain" });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(body.error).toMatch(/idempotency-key/);
  });
});

describe("a machine and a pool that do not fit", () => {
  test("start cold with prefer, are refused with require, and the refusal says why", async () => {
    const pool = await fixture.client.warmPools.create({
      name: "fit",
      template_ref: "plain",
      min_ready: 0,
      max_ready: 0,
      resources: SIZE,
    });
    const request = { vcpus: 2, memory_mb: 128, warm_pool: { id: pool.id, mode: "require" as const } };
    const refusal = await create(request).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/vcpus is 1, less than 2; .*memory_mb is 64, less than 128/),
    });
    await expect(create({ template: "env", warm_pool: { id: pool.id, mode: "require" } })).rejects.toMatchObject({
      code: "invalid_request",
    });
    const cold = await create({ ...request, warm_pool: { id: pool.id, mode: "prefer", wait_ms: 60_000 } });
    expect(cold.warm_pool_checkout).toEqual({
      source: "cold_create",
      hit: false,
      id: pool.id,
      mode: "prefer",
      wait_ms: 60_000,
    });
    await machines().delete(cold.id);
  });

  test("the pool's policy holds when the request has no mode", async () => {
    const settings = { template_ref: "plain", min_ready: 0, max_ready: 0, resources: SIZE };
    const strict = await fixture.client.warmPools.create({ ...settings, name: "strict", checkout_policy: "require" });
    await expect(create({ warm_pool: { id: strict.id } })).rejects.toMatchObject({ code: "warm_pool_unavailable" });
    const passing = await fixture.client.warmPools.create({ ...settings, name: "passing", checkout_policy: "bypass" });
    const machine = await create({ warm_pool: { id: passing.id } });
    expect(machine.warm_pool_checkout).toEqual({ source: "bypassed", hit: false, mode: "bypass", id: passing.id });
    await machines().delete(machine.id);
  });
});

describe("commands", () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await create({ template: "env", envs: { BOTH: "machine", MINE: "machine" } });
  });
  afterAll(() => machines().delete(machine.id));
  const exec = (request: Parameters<ReturnType<typeof machines>["exec"]>[1]) => machines().exec(machine.id, request);

  test("get arguments as they are, and the shell only when asked for", async () => {
    expect(await exec({ command: "echo", args: ["a  b", "$HOME", "*"] })).toMatchObject({
      exit_code: 0,
      stdout: "a  b $HOME *\n",
    });
    expect(await exec({ command: "echo $((1+1)); echo err >&2; exit 7", shell: true })).toMatchObject({
      exit_code: 7,
      stdout: "2\n",
      stderr: "err\n",
    });
    await expect(exec({ command: "echo", args: ["a"], shell: true })).rejects.toMatchObject({
      code: "invalid_request",
      status: 400,
    });
  });

  test("see the variables of the template, the machine and the call, the last word winning", async () => {
    const { stdout } = await exec({ command: "env", envs: { MINE: "call" } });
    expect(stdout.split("\n")).toEqual(expect.arrayContaining(["FROM=template", "BOTH=machine", "MINE=call"]));
  });

  test("begin in the template's folder, or where the call says", async () => {
    expect((await exec({ command: "pwd" })).stdout).toBe("/srv\n");
    expect((await exec({ command: "pwd", cwd: "/tmp" })).stdout).toBe("/tmp\n");
    expect((await exec({ command: "pwd; echo $PWD", cwd: "/tmp", shell: true })).stdout).toBe("/tmp\n/tmp\n");
    expect((await exec({ command: "exit 126", shell: true, cwd: "/tmp" })).exit_code).toBe(126);
  });

  test("are not run when their folder is not there: the call's, the machine's, in the background or not", async () => {
    const nowhere = { code: "invalid_request", status: 400, message: expect.stringMatching(/cwd.*"\/no\/where"/) };
    const mark = "touch /tmp/ran";
    await expect(exec({ command: mark, shell: true, cwd: "/no/where" })).rejects.toMatchObject(nowhere);
    await expect(exec({ command: mark, shell: true, cwd: "/etc/passwd" })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(exec({ command: mark, shell: true, cwd: "/no/where", background: true })).rejects.toMatchObject(
      nowhere,
    );
    expect((await exec({ command: "ls", args: ["/tmp/ran"] })).exit_code).not.toBe(0);

    const other = await create({ cwd: "/no/where" });
    await expect(machines().exec(other.id, { command: "true" })).rejects.toMatchObject(nowhere);
    expect((await machines().exec(other.id, { command: "pwd", cwd: "/" })).stdout).toBe("/\n");
    await machines().delete(other.id);
  });

  test("in the background make files as any other command does", async () => {
    const { body } = await call("POST", `/v1/machines/${machine.id}/exec`, {
      command: "touch",
      args: ["/tmp/made"],
      background: true,
    });
    await eventually("its end", async () => {
      const logs = await call("GET", `/v1/machines/${machine.id}/processes/${String(body.pid)}/logs`);
      return logs.body.exit_code !== undefined;
    });
    expect((await exec({ command: "stat", args: ["-c", "%a", "/tmp/made"] })).stdout).toBe("644\n");
  });

  test("that do not exist end with 127 and say so on standard error", async () => {
    const answer = await exec({ command: "no-such-command" });
    expect(answer).toMatchObject({ exit_code: 127, stdout: "" });
    expect(answer.stderr).toMatch(/no-such-command/);
  });

  test("that take too long are killed, with what they wrote in the error", async () => {
    const { status, body } = await call("POST", `/v1/machines/${machine.id}/exec`, {
      command: "echo begun; sleep 4711",
      shell: true,
      timeout_secs: 1,
    });
    expect([status, body.code, body.details]).toEqual([504, "exec_timeout", { stdout: "begun\n", stderr: "" }]);
    expect((await exec({ command: "ps" })).stdout).not.toMatch(/4711/);
  });

  test("run in the background, are listed, read, written to and killed", async () => {
    const start = async (command: string) =>
      (await call("POST", `/v1/machines/${machine.id}/exec`, { command, shell: true, background: true })).body
        .pid as number;
    const path = `/v1/machines/${machine.id}/processes`;
    const done = await start("echo out; echo err >&2; exit 5");
    const cat = await start("read line; echo got $line; sleep 4712");
    const logs = await eventually("the first to end", async () => {
      const { body } = await call("GET", `${path}/${done}/logs`);
      return body.exit_code !== undefined && body;
    });
    expect(logs).toEqual({ stdout: "out\n", stderr: "err\n", output: "out\nerr\n", exit_code: 5 });

    await fetch(`${fixture.access.url}${path}/${cat}/stdin`, {
      method: "POST",
      headers: { authorization: `Bearer ${fixture.access.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ data: "hello\n" }),
    });
    await eventually(
      "the line read",
      async () => (await call("GET", `${path}/${cat}/logs`)).body.stdout === "got hello\n",
    );
    expect((await call("GET", path)).body).toEqual(
      expect.arrayContaining([
        { pid: done, command: "echo out; echo err >&2; exit 5", running: false },
        { pid: cat, command: "read line; echo got $line; sleep 4712", running: true },
      ]),
    );
    const killed = await fetch(`${fixture.access.url}${path}/${cat}/kill`, {
      method: "POST",
      headers: { authorization: `Bearer ${fixture.access.apiKey}` },
    });
    expect(killed.status).toBe(204);
    expect((await exec({ command: "ps" })).stdout).not.toMatch(/4712/);
    expect((await call("GET", `${path}/${cat}/logs`)).body.exit_code).toBe(137);
    expect(await call("GET", `${path}/99999/logs`)).toMatchObject({ status: 404, body: { code: "process_not_found" } });
  });
});

describe("the life of a machine", () => {
  test("ends at its timeout, which can be moved", async () => {
    const machine = await create({ timeout_ms: 600_000 });
    const { body } = await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 300 });
    expect(body).toMatchObject({ timeout_ms: 300, timeout_action: "destroy" });
    await eventually("the machine to end", async () => (await machines().get(machine.id)).status === "destroyed");
    await eventually("its container gone", async () => (await fixture.containers()).length === 0);
    await expect(machines().exec(machine.id, { command: "true" })).rejects.toMatchObject({ code: "machine_not_ready" });
    expect((await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 300 })).body.code).toBe(
      "machine_not_ready",
    );
  });

  test("can sleep instead, and goes on where it was", async () => {
    const machine = await create({ timeout_ms: 600_000, timeout_action: "hibernate", auto_resume: true });
    await machines().exec(machine.id, { command: "touch", args: ["/tmp/before"] });
    await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 100 });
    await eventually("sleep", async () => (await machines().get(machine.id)).status === "paused");
    await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 600_000 });
    const { status, body } = await call("POST", `/v1/machines/${machine.id}/resume`);
    expect([status, body]).toEqual([200, { id: machine.id, status: "running", config: SIZE }]);
    expect((await machines().exec(machine.id, { command: "ls", args: ["/tmp/before"] })).exit_code).toBe(0);

    await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 100 });
    await eventually("sleep", async () => (await machines().get(machine.id)).status === "paused");
    await call("POST", `/v1/machines/${machine.id}/timeout`, { timeout_ms: 600_000 });
    expect((await machines().exec(machine.id, { command: "true" })).exit_code).toBe(0);
    await machines().delete(machine.id);
  });

  test("ends when nothing is done with it for its inactivity timeout", async () => {
    const machine = await create({ inactivity_timeout_ms: 500 });
    await eventually("the machine to end", async () => (await machines().get(machine.id)).status === "destroyed");
  });

  test("is in error when its main process dies, with the last lines as the reason", async () => {
    fixture.seed("mortal", "default", { start_cmd: "echo last words; sleep 1000" });
    const machine = await create({ template: "mortal" });
    const [container] = await fixture.containers();
    await fixture.engine.containers.kill(container?.Id ?? "");
    const dead = await eventually("the error", async () => {
      const now = await machines().get(machine.id);
      return now.status === "error" && now;
    });
    expect(dead.error).toMatch(/exit code 137[^]*last words/);
    await machines().delete(machine.id);
    expect((await machines().get(machine.id)).status).toBe("destroyed");
  });

  test("is listed by status, template, metadata and page", async () => {
    const made = await Promise.all([1, 2, 3].map((n) => create({ metadata: { n, run: "list" } })));
    const query = { metadata: JSON.stringify({ run: "list" }) };
    const page = await machines().list({ ...query, limit: 2 });
    expect(page).toMatchObject({ has_next: true });
    const rest = await machines().list({ ...query, limit: 2, next_token: page.next_token ?? "" });
    expect(rest.has_next).toBe(false);
    expect(new Set([...page.items, ...rest.items].map(({ id }) => id))).toEqual(new Set(made.map(({ id }) => id)));
    expect((await machines().list({ metadata: '{"n":2}' })).items.map(({ id }) => id)).toEqual([made[1]?.id]);
    expect((await machines().list({ metadata: '{"n":"2"}' })).items).toEqual([]);
    expect((await machines().list({ template: "env" })).items).toEqual([]);
    await Promise.all(made.map(({ id }) => machines().delete(id)));
    expect((await machines().list(query)).items).toEqual([]);
    expect((await machines().list({ ...query, state: "destroyed" })).items).toHaveLength(3);
    expect((await call("GET", "/v1/machines?fields=id,status&state=destroyed&limit=1")).body.items).toEqual([
      { id: expect.any(String), status: "destroyed" },
    ]);
    for (const bad of ["state=gone", "fields=secret", "metadata=%7B", "limit=0"]) {
      expect((await call("GET", `/v1/machines?${bad}`)).status).toBe(400);
    }
  });

  test("a machine says where its ports are reached, unless it has no network", async () => {
    const [machine, alone] = await Promise.all([create(), create({ internet_access: false })]);
    const serve = { command: "httpd", args: ["-f", "-p", "8080", "-h", "/etc"], background: true };
    await call("POST", `/v1/machines/${machine.id}/exec`, serve);
    const { status, body } = await call("POST", `/v1/machines/${machine.id}/host`, { port: 8080 });
    expect([status, body]).toEqual([200, { host: expect.stringMatching(/^[\d.]+:8080$/), url: `http://${body.host}` }]);
    await eventually(
      "the server in the machine",
      async () => (await fetch(`${body.url as string}/hostname`).catch(() => undefined))?.ok,
    );
    expect(await call("POST", `/v1/machines/${alone.id}/host`, { port: 8080 })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    expect((await call("POST", `/v1/machines/${machine.id}/host`, { port: 0 })).status).toBe(400);
    await Promise.all([machine, alone].map(({ id }) => machines().delete(id)));
  });

  test("a machine that does not exist is not found", async () => {
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/resume"],
      ["GET", "/processes"],
    ] as const) {
      expect(await call(method, `/v1/machines/mch_nobody${path}`)).toMatchObject({
        status: 404,
        body: { code: "machine_not_found" },
      });
    }
  });
});
