import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine, EngineTimeoutError } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { eventually } from "./fleet-fixture.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const LIMITS = { lookMs: 2_000, changeMs: 60_000, silenceMs: 2_000 };
/** Far more than the limits, far less than for ever. */
const BOUNDED_MS = 20_000;
const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));

let daemon: OwnEngine;
let engine: DockerEngine;
let service: RunningService;

beforeAll(async () => {
  daemon = await OwnEngine.start();
  engine = new DockerEngine({ host: daemon.host, env: {}, timeLimits: LIMITS });
  await engine.images.pull(BASE_IMAGE);
  service = await RunningService.start({ dockerHost: daemon.host, engineTimeLimits: LIMITS });
});

afterEach(() => daemon.thaw());

afterAll(async () => {
  daemon.thaw();
  await service[Symbol.asyncDispose]();
  await engine.close();
  await daemon[Symbol.asyncDispose]();
});

async function bounded<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`still waiting after ${BOUNDED_MS} ms`)), BOUNDED_MS).unref();
  });
  return Promise.race([work, late]);
}

const create = (body: object, key = crypto.randomUUID()) =>
  service.call("POST", "/v1/machines", body, { "idempotency-key": key });

describe("an engine that is frozen", () => {
  it("is told at /readyz in its time, and so is its return, while /healthz goes on", async () => {
    const ready = async () => service.call("GET", "/readyz");
    expect(await ready()).toMatchObject({
      status: 200,
      body: { status: "ready", checks: { engine: { status: "ok" } } },
    });
    daemon.freeze();
    const [frozen, alive] = await bounded(Promise.all([ready(), service.call("GET", "/healthz")]));
    expect(frozen).toMatchObject({ status: 503, body: { status: "not_ready" } });
    expect(frozen.body.checks).toMatchObject({
      engine: { status: "fail" },
      store: { status: "ok" },
      disk: { status: "ok" },
    });
    expect(alive.status).toBe(200);
    daemon.thaw();
    await eventually("the service is ready", async () => ((await ready()).status === 200 ? true : undefined));
  });

  it("fails every kind of call in its time, and answers again when it goes on", async () => {
    const { id } = await engine.containers.create({
      Image: BASE_IMAGE,
      Cmd: ["sleep", "600"],
      HostConfig: { NetworkMode: "none" },
    });
    await engine.containers.start(id);
    const waiting = engine.containers.wait(id);
    const running = engine.containers.exec(id, { cmd: ["sleep", "600"] });
    const building = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN sleep 600\n`, networkMode: "none" }).done;
    const calls: Promise<unknown>[] = [waiting, running, building];
    for (const call of calls) call.catch(() => undefined);
    // All three have begun when the engine says so.
    await eventually("the command runs", async () => (await engine.containers.list({ all: true })).length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    daemon.freeze();
    calls.push(
      engine.containers.inspect(id),
      engine.containers.remove(id, { force: true }),
      engine.images.pull(BASE_IMAGE),
      engine.version(),
    );
    for (const outcome of await bounded(Promise.allSettled(calls))) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(EngineTimeoutError) as unknown });
    }
    // Known to be frozen: the next call does not wait.
    await expect(engine.images.list()).rejects.toMatchObject({ code: "engine_timeout" });
    daemon.thaw();
    await eventually("the engine answers", () => engine.images.list().catch(() => undefined));
  });

  it("fails creates and new builds in a way that can be retried, hands out a ready member that is seen to live, and answers what the store knows", async () => {
    const built = await service.build({
      name: "cold",
      base_image: BASE_IMAGE,
      build_config: { internet_access: false },
    });
    expect(built.build.status).toBe("ready");
    const pool = await service.call("POST", "/v1/template-warm-pools", {
      name: "ready",
      template_ref: "cold",
      min_ready: 1,
      max_ready: 1,
      resources: { vcpus: 1, memory_mb: 512 },
    });
    expect(pool.status).toBe(201);
    await eventually("a member is ready", async () => {
      const { body } = await service.call("GET", `/v1/template-warm-pools/${pool.body.id}`);
      return body.status?.ready === 1;
    });
    daemon.freeze();
    const [claim, ...answers] = await bounded(
      Promise.all([
        create({ warm_pool: { id: pool.body.id, mode: "require", wait_ms: 0 } }),
        create({ template: "cold" }),
        service.call("POST", "/v1/templates/builds", { name: "new", base_image: BASE_IMAGE }),
      ]),
    );
    // The member's process is seen on this host, without the engine.
    expect(claim.status).toBe(201);
    for (const { status, body } of answers) {
      expect([status, body.code, body.retryable]).toEqual([503, "engine_unavailable", true]);
      expect(body.error).toContain(daemon.host);
      expect(body.suggested_action).toMatch(/try again/);
    }
    for (const path of ["/v1/templates", "/v1/machines", "/v1/template-warm-pools", "/v1/templates/refs/cold"]) {
      expect((await bounded(service.call("GET", path))).status).toBe(200);
    }
    daemon.thaw();
    const machine = await eventually("a machine starts again", async () => {
      const { status, body } = await create({ template: "cold" });
      return status === 201 ? body : undefined;
    });
    for (const { id } of [machine, claim.body]) await service.call("DELETE", `/v1/machines/${id}`);
    await service.call("DELETE", `/v1/template-warm-pools/${pool.body.id}`);
  });

  it("does not keep the service from stopping, whatever is under way", async () => {
    const data = mkdtempSync(join(tmpdir(), "nullspace-frozen-"));
    const flags = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning"];
    const args = ["serve", "--port", "0", "--data", data, "--docker-host", daemon.host, "--log-level", "silent"];
    const child = spawn(process.execPath, [...flags, COMMAND, ...args], {
      env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: BASE_IMAGE },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    try {
      const values: Record<string, string> = {};
      for await (const line of createInterface({ input: child.stdout })) {
        const [name = "", value = ""] = line.split(/=(.*)/s);
        values[name] = value;
        if (Object.keys(values).length === 2) break;
      }
      const call = (path: string, body: object) =>
        fetch(`${values.NULLSPACE_API_URL}${path}`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${values.NULLSPACE_API_KEY}`,
            "content-type": "application/json",
            "idempotency-key": crypto.randomUUID(),
          },
          body: JSON.stringify(body),
        });
      const dockerfile = `FROM ${BASE_IMAGE}\nRUN echo ${Math.random()} && sleep 600\n`;
      const build = { name: "slow", dockerfile, build_config: { internet_access: false } };
      expect((await call("/v1/templates/builds", build)).status).toBe(202);
      expect((await call("/v1/machines", { internet_access: false })).status).toBe(201);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      daemon.freeze();
      // It hangs until the service goes: its answer is nobody's.
      const hanging = call("/v1/machines", { internet_access: false }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
      child.kill("SIGTERM");
      const [code] = (await bounded(exited)) as [number];
      expect(code).toBe(0);
      await hanging;
    } finally {
      child.kill("SIGKILL");
      daemon.thaw();
      rmSync(data, { recursive: true, force: true });
    }
  });
});
