import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./fleet-fixture.ts";
import { dashboard, figuresOf, queries } from "./metrics/queries.ts";
import { Scrape } from "./metrics/read-metrics.ts";
import { nativeFigures } from "../../unit/service/native/native-figures.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const SIZE = { vcpus: 1, memory_mb: 64 };
const SECRET = `secret-${randomUUID()}`;

let service: RunningService;
let scrape: Scrape;
let text: string;

const create = (body: object) =>
  service.call("POST", "/v1/machines", { ...SIZE, ...body }, { "idempotency-key": randomUUID() });

/** Builds that succeed, are reused and fail; machines from a pool, past it, without one, and refused. */
beforeAll(async () => {
  service = await RunningService.start();
  const steps = [{ action: "run", command: `echo ${randomUUID()} > /made` }];
  expect((await service.build({ name: "web", base_image: BASE_IMAGE, steps })).build.status).toBe("ready");
  expect((await service.build({ name: "again", base_image: BASE_IMAGE, steps })).build.status).toBe("ready");
  const failing = await service.build({
    name: "broken",
    base_image: BASE_IMAGE,
    steps: [{ action: "run", command: `echo ${SECRET}; exit 3` }],
    build_envs: { TOKEN: SECRET },
  });
  expect(failing.build.status).toBe("error");
  const { body: pool } = await service.call("POST", "/v1/template-warm-pools", {
    name: "warm",
    template_ref: "web",
    min_ready: 1,
    max_ready: 1,
    resources: SIZE,
  });
  await eventually("a member is ready", async () => {
    const { body } = await service.call("GET", `/v1/template-warm-pools/${pool.id}`);
    return body.status.ready === 1 ? true : undefined;
  });
  const machines = [
    { template: "web", warm_pool: { id: pool.id, mode: "require" } },
    { template: "web", envs: { TOKEN: SECRET }, warm_pool: { id: pool.id, mode: "prefer" } },
    { template: "web" },
    { template: "none" },
    { template: "web", cwd: "/", warm_pool: { id: pool.id, mode: "require" } },
  ];
  const statuses: number[] = [];
  for (const machine of machines) statuses.push((await create(machine)).status);
  expect(statuses).toEqual([201, 201, 201, 404, 400]);
  await eventually("the pool is full again", async () => {
    const { body } = await service.call("GET", `/v1/template-warm-pools/${pool.id}`);
    return body.status.ready === 1 ? true : undefined;
  });
  await service.call("GET", `/v1/machines/${SECRET}`);
  const { status, body } = await service.call("GET", "/metrics");
  expect(status).toBe(200);
  text = body;
  // Beside what this service tells, what one with a cluster tells of its pools for other programs.
  const isNative = (line: string) => /^(?:# \w+ )?nullspace_native_/.test(line);
  const native = (await nativeFigures("web")).split("\n").filter(isNative);
  scrape = new Scrape([...native, ...text.split("\n").filter((line) => !isNative(line))].join("\n"));
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the figures of a service", () => {
  it("count builds, what they reused, and how they failed", () => {
    expect(scrape.value("nullspace_builds_total", { result: "ready" })).toBe(2);
    expect(scrape.value("nullspace_builds_total", { result: "error" })).toBe(1);
    expect(scrape.value("nullspace_build_duration_seconds_count", { result: "ready" })).toBe(2);
    expect(scrape.value("nullspace_build_queue_wait_seconds_count")).toBe(3);
    expect(scrape.value("nullspace_build_failures_total", { phase: "build_step" })).toBe(1);
    expect(scrape.value("nullspace_build_cache_lookups_total", { cache: "artifact", result: "hit" })).toBe(1);
    expect(scrape.value("nullspace_build_cache_lookups_total", { cache: "artifact", result: "miss" })).toBe(1);
    expect(scrape.value("nullspace_build_cache_lookups_total", { cache: "layer", result: "miss" })).toBe(1);
    for (const state of ["waiting", "running"]) expect(scrape.value("nullspace_builds", { state })).toBe(0);
  });

  it("count requests for machines by how they ended", () => {
    const claims = (result: string) => scrape.value("nullspace_machine_claims_total", { result });
    expect(["hit", "miss", "cold", "refused", "failed"].map(claims)).toEqual([1, 1, 1, 2, 0]);
    for (const result of ["hit", "miss", "cold"]) {
      expect(scrape.value("nullspace_machine_claim_duration_seconds_count", { result })).toBe(1);
    }
  });

  it("tell what is: machines, members of pools, the disk, what is ready", () => {
    expect(scrape.value("nullspace_machines", { state: "running" })).toBe(3);
    expect(scrape.value("nullspace_pool_members", { pool: "warm", state: "ready" })).toBe(1);
    expect(scrape.value("nullspace_pool_members", { pool: "warm", state: "claimed" })).toBe(1);
    expect(scrape.value("nullspace_pool_min_ready", { pool: "warm" })).toBe(1);
    for (const check of ["engine", "store", "disk"]) expect(scrape.value("nullspace_ready", { check })).toBe(1);
    expect(scrape.value("nullspace_disk_used_bytes", { use: "store" })).toBeGreaterThan(4096);
    expect(scrape.value("nullspace_disk_used_bytes", { use: "reserve" })).toBe(8 * 1024 * 1024);
    expect(scrape.value("nullspace_disk_free_bytes")).toBeLessThan(scrape.value("nullspace_disk_size_bytes") ?? 0);
  });

  it("count calls to the engine and requests, by words that are few", () => {
    expect(scrape.value("nullspace_engine_call_duration_seconds_count", { kind: "guest.start", result: "ok" })).toBe(4);
    expect(scrape.value("nullspace_engine_call_duration_seconds_count", { kind: "build.build", result: "ok" })).toBe(1);
    const requests = { route: "/v1/machines", method: "POST" };
    const count = (status: string) =>
      scrape.value("nullspace_http_request_duration_seconds_count", { ...requests, status });
    expect(["201", "404", "400"].map(count)).toEqual([3, 1, 1]);
  });

  it("hold no secret, no id and no path", () => {
    expect(text).not.toMatch(/secret|mch_|gst_|tb_[0-9a-z]|tmpl_|ns_test/);
    expect(text).not.toContain(service.dataDirectory);
    expect(text).not.toContain(service.apiKey);
  });

  it("are those that the docs list, each with its labels, and no others", () => {
    const docs = readFileSync(new URL("../../../docs/monitoring.md", import.meta.url), "utf8");
    const listed = new Map(
      [...docs.matchAll(/^\| `(nullspace_\w+)` +\| (\w+) +\| (.*?) *\|/gm)].map(([, name = "", type, labels = ""]) => [
        name,
        { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort() },
      ]),
    );
    const real = scrape.families
      .filter(({ name }) => name.startsWith("nullspace_"))
      .map(({ name, type, samples }): [string, object] => {
        const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
        labels.delete("le");
        return [type === "counter" ? `${name}_total` : name, { type, labels: [...labels].sort() }];
      });
    expect(listed).toEqual(new Map(real));
  });

  it("have names and texts as Prometheus wants them", () => {
    expect(scrape.families.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["process_resident_memory_bytes", "process_cpu_seconds", "nodejs_eventloop_lag_seconds"]),
    );
    for (const { name, help, type } of scrape.families) {
      expect(name).toMatch(/^[a-z0-9_]+$/);
      expect(help).not.toBe("");
      expect(name, "a counter alone ends in _total").not.toMatch(/_(total|count|sum|bucket)$/);
      expect(["counter", "gauge", "histogram", "summary"]).toContain(type);
      expect(name, "base units").not.toMatch(/_(ms|milliseconds|minutes|kb|mb|kilobytes)/);
    }
  });
});

describe("the dashboard and the alerts", () => {
  it("ask, in Prometheus' own grammar, for figures and labels that a service has", () => {
    const all = queries();
    expect(all.length).toBeGreaterThan(25);
    for (const query of all) {
      const figures = figuresOf(query);
      expect(figures, query.from).not.toEqual([]);
      for (const { name, labels } of figures) {
        // Prometheus' own: whether the scrape went well.
        if (name === "up") continue;
        expect([...scrape.names], query.from).toContain(name);
        const known = scrape.families.flatMap(({ samples }) => samples).filter((sample) => sample.name === name);
        const has = new Set(["job", "instance", ...known.flatMap((sample) => Object.keys(sample.labels))]);
        for (const label of labels) expect([...has], `${query.from}: ${name}`).toContain(label);
      }
    }
  });

  it("show each figure of the docs somewhere", () => {
    const asked = new Set(queries().flatMap((query) => figuresOf(query).map(({ name }) => name)));
    const shown = (name: string) => [...asked].some((each) => each.replace(/_(bucket|count|sum)$/, "") === name);
    const names = scrape.families.map(({ name, type }) => (type === "counter" ? `${name}_total` : name));
    expect(names.filter((name) => name.startsWith("nullspace_") && !shown(name))).toEqual([]);
  });

  it("have panels that Grafana can tell apart, of a data source that is chosen there", () => {
    const { panels, templating } = dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
    const uids = JSON.stringify(panels).match(/"uid":"[^"]*"/g) ?? [];
    expect(new Set(uids)).toEqual(new Set(['"uid":"${datasource}"']));
  });
});
