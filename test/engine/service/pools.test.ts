import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreateTemplateRequest, CreateWarmPoolRequest, WarmPool } from "../../../sdk/wire/index.ts";
import { TEMPLATE_LABEL } from "../../../service/labels.ts";
import { eventually, FleetFixture } from "./fleet-fixture.ts";

const fixture = new FleetFixture();
const SIZE = { vcpus: 1, memory_mb: 64 };
/** A template whose machines take a moment to become ready, on the loopback of the machine. */
const SERVER: CreateTemplateRequest = {
  start_cmd: "sleep 0.3; exec httpd -f -p 127.0.0.1:8080",
  runtime_config: { readiness: { kind: "tcp", port: 8080 } },
};

beforeAll(() => fixture.start());
afterAll(() => fixture[Symbol.asyncDispose]());

const pools = () => fixture.client.warmPools;

async function createPool(settings: Partial<CreateWarmPoolRequest> & { name: string }): Promise<WarmPool> {
  const defaults = { template_ref: settings.name, min_ready: 2, max_ready: 3, resources: SIZE };
  return pools().create({ ...defaults, ...settings });
}

const ready = (id: string, minReady: number) =>
  pools().waitUntilReady(id, { minReady, intervalMs: 50, timeoutMs: 60_000 });

const members = async (id: string) =>
  (await fixture.containers()).filter(({ Labels }) => Labels?.["dev.nullspace.local.pool"] === id);

/** Looks at a pool until it is as wanted, and gives every answer on the way. */
async function watchUntil(id: string, isDone: (pool: WarmPool) => boolean): Promise<WarmPool[]> {
  const seen: WarmPool[] = [];
  await eventually(`pool ${id} as wanted`, async () => {
    const pool = await pools().get(id);
    seen.push(pool);
    return isDone(pool);
  });
  return seen;
}

/** Every answer of the service keeps the bound, whatever happens meanwhile. */
function expectBounded(seen: readonly WarmPool[]): void {
  for (const { status, max_ready } of seen) {
    expect(status.ready + status.warming + status.draining + status.expired).toBeLessThanOrEqual(max_ready);
  }
}

describe("a warm pool", () => {
  test("becomes ready, gives a machine at once, and refills", async () => {
    fixture.seed("refills", "default", SERVER);
    const pool = await createPool({ name: "refills" });
    expect(pool).toMatchObject({ state: "enabled", rollout_generation: 1, status: { target: 2 } });
    await ready(pool.id, 2);
    expect((await members(pool.id)).map(({ State }) => State)).toEqual(["running", "running"]);

    const machine = await fixture.client.machines.create({ template: "refills", ...SIZE, warm_pool: { id: pool.id } });
    expect(machine).toMatchObject({
      status: "running",
      warm_pool_checkout: { source: "ready_instance", hit: true, id: pool.id, mode: "prefer" },
    });
    const answer = await fixture.client.machines.exec(machine.id, { command: "hostname" });
    expect(answer.exit_code).toBe(0);
    await ready(pool.id, 2);
    expect((await pools().get(pool.id)).status).toMatchObject({ ready: 2, claimed: 1 });

    await fixture.client.machines.delete(machine.id);
    expect((await pools().get(pool.id)).status).toMatchObject({ claimed: 0 });
    expect(await members(pool.id)).toHaveLength(2);
  });

  test("gives its 5 members to 50 who ask at once, each to one, and what became ready meanwhile", async () => {
    fixture.seed("race", "default");
    const pool = await createPool({ name: "race", min_ready: 5, max_ready: 5 });
    await ready(pool.id, 5);
    const asked = Array.from({ length: 50 }, async () =>
      fixture.client.machines.create({ template: "race", ...SIZE, warm_pool: { id: pool.id, mode: "require" } }),
    );
    const answers = await Promise.allSettled(asked);
    const hits = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    const misses = answers.flatMap((answer) =>
      answer.status === "rejected" ? [answer.reason as { code: string }] : [],
    );
    // A member that is given is replaced, and who asks late enough gets the replacement: never fewer than 5, rarely more.
    expect(hits.length).toBeGreaterThanOrEqual(5);
    expect(hits.length + misses.length).toBe(50);
    expect(new Set(hits.map(({ id }) => id)).size).toBe(hits.length);
    expect(misses.every(({ code }) => code === "warm_pool_unavailable")).toBe(true);
    const hosts = await Promise.all(hits.map(({ id }) => fixture.client.machines.exec(id, { command: "hostname" })));
    expect(new Set(hosts.map(({ stdout }) => stdout)).size).toBe(hits.length);
    await Promise.all(hits.map(({ id }) => fixture.client.machines.delete(id)));
    await pools().delete(pool.id);
  });

  test("warms one for a checkout that waits, though it keeps none ready", async () => {
    fixture.seed("on-demand", "default", SERVER);
    const pool = await createPool({ name: "on-demand", min_ready: 0, max_ready: 1 });
    const machine = await fixture.client.machines.create({
      template: "on-demand",
      ...SIZE,
      warm_pool: { id: pool.id, mode: "require", wait_ms: 30_000 },
    });
    expect(machine.warm_pool_checkout).toMatchObject({ source: "ready_instance", hit: true, wait_ms: 30_000 });
    await fixture.client.machines.delete(machine.id);
  });

  test("replaces a member whose process was killed", async () => {
    fixture.seed("killed", "default", SERVER);
    const pool = await createPool({ name: "killed", min_ready: 1, max_ready: 1 });
    await ready(pool.id, 1);
    const [victim] = await members(pool.id);
    await fixture.engine.containers.kill(victim?.Id ?? "", { killSignal: "SIGKILL" });
    const [survivor] = await eventually("another member", async () => {
      const now = await members(pool.id);
      return now.length === 1 && now[0]?.Id !== victim?.Id && now;
    });
    await ready(pool.id, 1);
    expect((await members(pool.id)).map(({ Id }) => Id)).toEqual([survivor?.Id]);
  });

  test("replaces members that are stale, and stays bounded meanwhile", async () => {
    fixture.seed("stale", "default");
    const pool = await createPool({ name: "stale", min_ready: 1, max_ready: 2, stale_after_seconds: 1 });
    await ready(pool.id, 1);
    const [first] = await members(pool.id);
    const seen = await watchUntil(pool.id, ({ status }) => status.expired > 0);
    expectBounded(seen);
    await eventually("the first member gone", async () => !(await members(pool.id)).some(({ Id }) => Id === first?.Id));
    await pools().delete(pool.id);
  });
});

describe("a rollout", () => {
  test("warms the new build beside the old one and is never empty", async () => {
    const first = fixture.seed("rolls", "stable", SERVER);
    const pool = await createPool({
      name: "rolls",
      template_ref: "rolls:stable",
      version_policy: "track_tag",
      min_ready: 1,
      max_ready: 2,
    });
    await ready(pool.id, 1);
    const second = fixture.seed("rolls", "stable", SERVER);
    const seen = await watchUntil(pool.id, ({ rollout_status, rollout_generation, status }) => {
      return rollout_generation === 2 && rollout_status?.old_ready_or_warming === 0 && status.draining === 0;
    });
    expectBounded(seen);
    expect(seen.every(({ status }) => status.ready >= 1)).toBe(true);
    expect(seen.at(-1)).toMatchObject({
      resolved_template: `local/rolls:${second.buildId}`,
      resolved_template_build_id: second.buildId,
      runtime_artifact_id: second.templateId,
      previous_resolved_template: `local/rolls:${first.buildId}`,
      previous_resolved_template_build_id: first.buildId,
      previous_runtime_artifact_id: first.templateId,
    });
    expect((await members(pool.id)).map(({ Labels }) => Labels?.[TEMPLATE_LABEL])).toEqual([second.templateId]);
  });

  test("hands out the old build while the new one cannot start, and says what is wrong", async () => {
    const good = fixture.seed("broken", "stable", SERVER);
    const pool = await createPool({
      name: "broken",
      template_ref: "broken:stable",
      version_policy: "track_tag",
      min_ready: 1,
      max_ready: 2,
    });
    await ready(pool.id, 1);
    fixture.seed("broken", "stable", {
      start_cmd: "echo no such thing >&2; exit 3",
      runtime_config: { readiness: { kind: "tcp", port: 1 } },
    });
    const seen = await watchUntil(pool.id, ({ degraded_reason }) => degraded_reason != null);
    expect(seen.at(-1)).toMatchObject({ degraded_reason: "artifact_prewarm_failed", rollout_generation: 2 });
    expect(seen.at(-1)?.degraded_message).toMatch(/exit code 3[^]*no such thing/);
    expect(seen.every(({ status }) => status.ready === 1)).toBe(true);
    expect(await pools().list({ status: "degraded" })).toMatchObject([{ id: pool.id }]);

    const request = { template: "broken:stable", ...SIZE, warm_pool: { id: pool.id, mode: "require" as const } };
    const machine = await fixture.client.machines.create(request);
    expect(machine.warm_pool_checkout?.hit).toBe(true);
    // Its last member of that build has just gone, and no other will come: there is nothing to wait for.
    await expect(
      fixture.client.machines.create({ ...request, template: `broken:${good.buildId}` }),
    ).rejects.toMatchObject({ code: "invalid_request", message: expect.stringContaining("it holds") as string });
    await fixture.client.machines.delete(machine.id);

    fixture.seed("broken", "stable", SERVER);
    await ready(pool.id, 1);
    expect(await pools().get(pool.id)).toMatchObject({ rollout_generation: 3 });
    expect((await pools().get(pool.id)).degraded_reason).toBeUndefined();
  });

  test("follows another template, tag or size of an update; a pinned pool follows nothing else", async () => {
    const first = fixture.seed("pinned", "v1");
    const pool = await createPool({ name: "pinned", template_ref: "pinned:v1", min_ready: 1, max_ready: 1 });
    await ready(pool.id, 1);
    fixture.seed("pinned", "v1");
    await pools().update(pool.id, { labels: { team: "infra" } });
    expect(await pools().reconcile(pool.id)).toMatchObject({
      runtime_artifact_id: first.templateId,
      rollout_generation: 1,
    });

    await pools().update(pool.id, { resources: { vcpus: 1, memory_mb: 96 } });
    await watchUntil(
      pool.id,
      ({ rollout_status, status }) => status.ready === 1 && rollout_status?.old_ready_or_warming === 0,
    );
    const second = fixture.seed("pinned", "v2");
    const updated = await pools().update(pool.id, { template_ref: "pinned:v2" });
    expect(updated).toMatchObject({
      rollout_generation: 3,
      runtime_artifact_id: second.templateId,
      previous_runtime_artifact_id: first.templateId,
    });
    await watchUntil(
      pool.id,
      ({ rollout_status, status }) => status.ready === 1 && rollout_status?.old_ready_or_warming === 0,
    );
    await pools().delete(pool.id);
  });
});

describe("disable, drain, delete", () => {
  test("a disabled pool keeps its members and gives none; enabling opens it again", async () => {
    fixture.seed("disabled", "default");
    const pool = await createPool({ name: "disabled", min_ready: 1, max_ready: 1 });
    await ready(pool.id, 1);
    expect(await pools().disable(pool.id)).toMatchObject({ state: "disabled", status: { target: 0, ready: 1 } });
    const request = { template: "disabled", ...SIZE };
    await expect(
      fixture.client.machines.create({ ...request, warm_pool: { id: pool.id, mode: "require" } }),
    ).rejects.toMatchObject({ code: "warm_pool_unavailable" });
    const cold = await fixture.client.machines.create({ ...request, warm_pool: { id: pool.id } });
    expect(cold.warm_pool_checkout).toMatchObject({ source: "cold_create", hit: false });
    const bypass = await fixture.client.machines.create({ ...request, warm_pool: { mode: "bypass" } });
    expect(bypass.warm_pool_checkout).toEqual({ source: "bypassed", hit: false, mode: "bypass" });

    expect((await pools().enable(pool.id)).state).toBe("enabled");
    const warm = await fixture.client.machines.create({ ...request, warm_pool: { id: pool.id, mode: "require" } });
    expect(warm.warm_pool_checkout?.hit).toBe(true);
    await Promise.all([cold, bypass, warm].map(({ id }) => fixture.client.machines.delete(id)));
    await pools().delete(pool.id);
  });

  test("a drained pool lets its members go, not its machines, and ends disabled", async () => {
    fixture.seed("drained", "default");
    const pool = await createPool({ name: "drained", min_ready: 2, max_ready: 2 });
    await ready(pool.id, 2);
    const machine = await fixture.client.machines.create({
      template: "drained",
      ...SIZE,
      warm_pool: { id: pool.id, mode: "require" },
    });
    expect(await pools().drain(pool.id)).toMatchObject({ state: "draining" });
    const [last] = (await watchUntil(pool.id, ({ state }) => state === "disabled")).slice(-1);
    expect(last?.status).toMatchObject({ ready: 0, warming: 0, draining: 0, claimed: 1 });
    expect(last?.drain_requested_at).toBeDefined();
    expect((await fixture.client.machines.exec(machine.id, { command: "true" })).exit_code).toBe(0);
    await pools().enable(pool.id);
    await ready(pool.id, 2);
    await fixture.client.machines.delete(machine.id);
    await pools().delete(pool.id);
  });

  test("a deleted pool can be read, not changed, and its name is free", async () => {
    fixture.seed("deleted", "default");
    const pool = await createPool({ name: "deleted", min_ready: 1, max_ready: 1 });
    await ready(pool.id, 1);
    await pools().delete(pool.id);
    await pools().delete(pool.id);
    await eventually("its containers gone", async () => (await members(pool.id)).length === 0);
    expect(await pools().get(pool.id)).toMatchObject({ state: "deleted", status: { ready: 0, target: 0 } });
    expect((await pools().list({ state: "deleted" })).map(({ id }) => id)).toContain(pool.id);
    expect((await pools().list({ template: "deleted" })).map(({ id }) => id)).not.toContain(pool.id);
    for (const action of ["enable", "disable", "drain"] as const) {
      await expect(pools()[action](pool.id)).rejects.toMatchObject({ code: "conflict" });
    }
    await expect(pools().update(pool.id, { min_ready: 0 })).rejects.toMatchObject({ code: "conflict" });
    const again = await createPool({ name: "deleted", min_ready: 0, max_ready: 0 });
    await expect(createPool({ name: "deleted" })).rejects.toMatchObject({ code: "conflict" });
    await pools().delete(again.id);
  });
});
