import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Properties } from "../../../provider/core/properties.ts";
import { templateController as template } from "../../../provider/core/template/controller.ts";
import { warmPoolController as pool } from "../../../provider/core/warm-pool/controller.ts";
import { NameTakenError, PartialFailureError } from "../../../provider/errors.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { ProgramFolder } from "./program-folder.ts";

describe("a WarmPool on a real service", () => {
  let service: RunningService;
  let proxy: FaultProxy;
  let client: NullspaceClient;
  let program: ProgramFolder;
  let web: { id: string; inputs: Properties; outputs: Properties };
  let names = 0;
  let name: string;

  beforeAll(async () => {
    service = await RunningService.start();
    proxy = await FaultProxy.start(service.url);
    client = new NullspaceClient({ apiKey: service.apiKey, baseUrl: service.url });
    program = new ProgramFolder({ apiKey: service.apiKey, apiUrl: proxy.url });
    program.write({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n`, "hello.txt": "hello\n" });
    const inputs = await program.check(template, { name: "web", tags: ["default", "stable"], vcpus: 1, memoryMib: 64 });
    web = { inputs, ...(await template.create(inputs, program.context())) };
  });
  afterAll(async () => {
    await client?.close();
    await proxy?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
    program?.[Symbol.dispose]();
  });
  beforeEach(() => {
    name = `pool-${++names}`;
    proxy.rule = () => undefined;
    proxy.seen.length = 0;
  });
  afterEach(async () => {
    for (const each of await client.warmPools.list())
      if (each.state !== "deleted") await client.warmPools.delete(each.id);
  });

  const args = (more: Properties = {}) => ({
    name,
    template: "local/web:stable",
    minReady: 1,
    maxReady: 2,
    vcpus: 1,
    memoryMib: 64,
    ...more,
  });

  async function create(more: Properties = {}) {
    const inputs = await program.check(pool, args(more));
    return { inputs, ...(await pool.create(inputs, program.context())) };
  }

  async function update(
    last: { id: string; inputs: Properties; outputs: Properties },
    more: Properties,
    options: Parameters<ProgramFolder["context"]>[0] = {},
  ) {
    const inputs = await program.check(pool, args(more), last.inputs);
    const request = { id: last.id, oldInputs: last.inputs, oldOutputs: last.outputs, newInputs: inputs };
    return { id: last.id, inputs, outputs: await pool.update(request, program.context(options)) };
  }

  /** The template's tags move to a new build. */
  async function buildWebAnew(hello: string): Promise<void> {
    program.write({ "hello.txt": hello });
    const newInputs = await program.check(template, { ...web.inputs, contextHash: undefined }, web.inputs);
    const outputs = await template.update(
      { id: web.id, oldInputs: web.inputs, oldOutputs: web.outputs, newInputs },
      program.context(),
    );
    web = { id: web.id, inputs: newInputs, outputs };
  }

  it("is ready when its create returns", async () => {
    const { id, outputs } = await create({ labels: { team: "a" } });
    expect(id).toMatch(/^twp_/);
    expect(outputs).toMatchObject({ poolId: id, state: "enabled", resolvedBuildId: web.outputs.buildId });
    const now = await client.warmPools.get(id);
    expect(now).toMatchObject({ name, min_ready: 1, max_ready: 2, labels: { team: "a" } });
    expect(now.status.ready).toBeGreaterThanOrEqual(1);
  });

  it("reads back as it was written, and is imported by its ID alone", async () => {
    const made = await create({ labels: { team: "a" }, metadata: { n: 1 } });
    expect((await pool.read(made, program.context()))?.inputs).toEqual(made.inputs);
    const imported = await pool.read({ id: made.id }, program.context());
    expect(pool.diff({ oldInputs: imported!.inputs, newInputs: made.inputs }).changes).toEqual([]);
  });

  it("is noted as its resource's by the first update after an import", async () => {
    const resources = { vcpus: 1, memory_mb: 64 };
    const request = {
      name,
      template_ref: "local/web:stable",
      min_ready: 0,
      max_ready: 1,
      resources,
      metadata: { n: 1 },
    };
    const { id } = await client.warmPools.create(request);
    const imported = (await pool.read({ id }, program.context()))!;
    await update(imported, { minReady: 0, metadata: { n: 1 } });
    const { mark } = program.context();
    expect((await client.warmPools.get(id)).metadata).toEqual({ n: 1, pulumi: { mark } });
  });

  it("follows the tag of its template, whether trackTag repeats it or not", async () => {
    const made = await create({ minReady: 0, versionPolicy: "track_tag", trackTag: "stable" });
    const imported = await pool.read({ id: made.id }, program.context());
    const oldInputs = imported!.inputs;
    expect(oldInputs).toMatchObject({ template: "local/web:stable", trackTag: "stable" });
    const changesTo = (newInputs: Properties) =>
      pool.diff({ oldInputs, newInputs }).changes.map(({ path: [key] }) => key);
    const { trackTag: _tag, ...implied } = made.inputs;
    expect(changesTo(made.inputs)).toEqual([]);
    expect(changesTo(implied)).toEqual([]);
    expect(changesTo({ ...made.inputs, trackTag: "default" })).toEqual(["trackTag"]);
    expect(changesTo({ ...implied, template: "local/web:default" })).toEqual(["template", "trackTag"]);
    expect(pool.diff({ oldInputs: implied, newInputs: made.inputs }).changes).toEqual([]);
  });

  it("reads what others changed as a difference", async () => {
    const made = await create();
    await client.warmPools.update(made.id, { min_ready: 0, max_ready: 5 });
    await client.warmPools.disable(made.id);
    const read = await pool.read(made, program.context());
    expect(read?.inputs).toMatchObject({ minReady: 0, maxReady: 5, enabled: false });
    expect(read?.outputs.state).toBe("disabled");
  });

  it("sends only what changed, and waits for it", async () => {
    const made = await create();
    proxy.seen.length = 0;
    const grown = await update(made, { minReady: 2 });
    expect((await client.warmPools.get(made.id)).status.ready).toBeGreaterThanOrEqual(2);
    expect(proxy.seen.filter((seen) => seen.startsWith("PATCH"))).toHaveLength(1);
    // Nothing changed: nothing is sent.
    proxy.seen.length = 0;
    await update(grown, { minReady: 2 });
    expect(proxy.seen.filter((seen) => !seen.startsWith("GET"))).toEqual([]);
  });

  it("is switched off and on", async () => {
    const made = await create();
    const off = await update(made, { enabled: false });
    expect(off.outputs.state).toBe("disabled");
    expect((await client.warmPools.get(made.id)).state).toBe("disabled");
    const on = await update(off, {});
    expect(on.outputs.state).toBe("enabled");
  });

  it("moves to another build when its template says so, and waits until the old machines are gone", async () => {
    const made = await create();
    const before = web.outputs.buildId as string;
    await buildWebAnew("again\n");
    const { outputs } = web;
    expect((await client.warmPools.get(made.id)).resolved_template_build_id).toBe(before);
    const moved = await update(made, { template: `local/web:${outputs.buildId as string}` });
    expect(moved.outputs.resolvedBuildId).toBe(outputs.buildId);
    const now = await client.warmPools.get(made.id);
    expect(now.status.ready).toBeGreaterThanOrEqual(1);
    expect(now.rollout_status?.old_ready_or_warming ?? 0).toBe(0);
  });

  it("finds the pool that it made when the answer was lost", async () => {
    proxy.once("lose-answer", "POST", /\/v1\/template-warm-pools$/);
    const { id } = await create();
    const live = (await client.warmPools.list()).filter((each) => each.name === name && each.state !== "deleted");
    expect(live.map((each) => each.id)).toEqual([id]);
  });

  it("does not take another's pool of that name, unless it adopts it", async () => {
    const made = await create();
    const stranger = program.context({ urn: "urn:pulumi:prod::test::nullspace:index:WarmPool::pool" });
    const error = await pool.create(made.inputs, stranger).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NameTakenError);
    expect((error as Error).message).toMatch(
      new RegExp(`"${name}" exists already \\(${made.id}.*belongs to another Pulumi stack.*adopt: true.*pulumi import`),
    );
    const adopted = await pool.create({ ...made.inputs, minReady: 0, adopt: true }, stranger);
    expect(adopted.id).toBe(made.id);
    expect(await client.warmPools.get(made.id)).toMatchObject({ min_ready: 0 });
    // Whoever had it before leaves it alone.
    await pool.delete(made, program.context());
    expect((await client.warmPools.get(made.id)).state).toBe("enabled");
  });

  it("stays with the build that it is pinned to when it is taken over after the tag has moved", async () => {
    const made = await create({ minReady: 1 });
    const before = web.outputs.buildId as string;
    await buildWebAnew("taken over\n");
    const stranger = program.context({ urn: "urn:pulumi:prod::test::nullspace:index:WarmPool::pool" });
    const adopted = await pool.create({ ...made.inputs, adopt: true }, stranger);
    expect(adopted.outputs).toMatchObject({ poolId: made.id, resolvedBuildId: before });
    const again = await pool.create(adopted.outputs, stranger);
    expect(again.outputs).toMatchObject({ poolId: made.id, resolvedBuildId: before });
  });

  it("is pinned to the build that the program names, wherever the tag in its template points", async () => {
    const before = web.outputs.buildId as string;
    await buildWebAnew("named\n");
    const made = await create({ buildId: before });
    expect(made.outputs).toMatchObject({ resolvedBuildId: before });
    const moved = await update(made, { buildId: web.outputs.buildId });
    expect(moved.outputs).toMatchObject({ resolvedBuildId: web.outputs.buildId });
    const back = await update(moved, { buildId: before });
    expect(back.outputs).toMatchObject({ resolvedBuildId: before });
  });

  it("goes on with what a create that was killed has made", async () => {
    const made = await create({ minReady: 0, labels: { a: "1" } });
    const again = await create({ minReady: 0, labels: { a: "2" } });
    expect(again.id).toBe(made.id);
    expect(await client.warmPools.get(made.id)).toMatchObject({ labels: { a: "2" } });
  });

  it("keeps whose it is out of what the program sees", async () => {
    const made = await create({ minReady: 0, metadata: { team: "web" } });
    expect((await client.warmPools.get(made.id)).metadata).toEqual({
      team: "web",
      pulumi: { mark: expect.stringMatching(/^[0-9a-f]{20}$/) },
    });
    expect((await pool.read(made, program.context()))?.inputs.metadata).toEqual({ team: "web" });
    expect((await pool.read({ id: made.id }, program.context()))?.inputs.metadata).toEqual({ team: "web" });
  });

  it("is kept when it is not ready in time, and waited for again", async () => {
    const inputs = await program.check(pool, args());
    const stop = new AbortController();
    // The service stays silent about the pool: it cannot be seen to become ready.
    proxy.rule = (method, path) => {
      if (method !== "GET" || !/\/v1\/template-warm-pools\/twp_/.test(path)) return undefined;
      stop.abort();
      return "lose-request";
    };
    const error = (await pool
      .create(inputs, program.context({ signal: stop.signal }))
      .catch((caught: unknown) => caught)) as PartialFailureError;
    expect(error).toBeInstanceOf(PartialFailureError);
    expect(error.id).toMatch(/^twp_/);
    expect(error.reasons.join()).toContain("run the same command again");
    proxy.rule = () => undefined;
    const resumed = await update({ id: error.id, inputs, outputs: error.outputs as Properties }, {});
    expect(resumed.outputs).toMatchObject({ poolId: error.id, state: "enabled" });
  });

  it("says how to give it more time", async () => {
    const inputs = await program.check(pool, args({ minReady: 2 }));
    const error = (await pool
      .create(inputs, program.context({ timeoutMs: 1 }))
      .catch((caught: unknown) => caught)) as Error;
    expect(error.message).toContain('customTimeouts: { create: "60m" }');
  });

  it("is gone when its delete returns, members and all", async () => {
    const made = await create();
    await pool.delete(made, program.context());
    const now = await client.warmPools.get(made.id);
    expect(now.state).toBe("deleted");
    expect(now.status).toMatchObject({ ready: 0, warming: 0, draining: 0 });
    expect(await pool.read(made, program.context())).toBeUndefined();
    await pool.delete(made, program.context());
  });
});
