import { describe, expect, test } from "vitest";
import type { CreateWarmPoolRequest } from "../../../sdk/wire/index.ts";
import { fleetArtifactUses } from "../../../service/store/fleet-artifact-uses.ts";
import { MemoryFleet, SIZE } from "./memory-fleet.ts";

/** Members of `rollout_status` and of its parts that the published Python client knows; any other crashes it. */
const ROLLOUT_MEMBERS = new Set([
  ...[
    "version_policy",
    "track_tag",
    "rollout_generation",
    "current_identity",
    "current_counts",
    "observed_pool_counts",
  ],
  ...["old_ready_or_warming", "old_ready_or_warming_released_this_tick", "updated_at"],
  ...["template", "resolved_template_build_id", "runtime_artifact_id", "warm_profile_key", "create_fingerprint"],
  ...["ready", "warming", "claimed", "failed", "draining", "released", "other"],
]);

function memberNames(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...memberNames(member)]);
}

test("a pool has the contract's defaults, no nulls, and only known members in its rollout status", async () => {
  await using world = new MemoryFleet();
  const { templateId, buildId } = world.seed("web", "v1");
  const pool = await world.createPool({
    name: "p",
    template_ref: "web:v1",
    labels: { a: "b" },
    metadata: { k: [1, { x: null }] },
  });
  expect(pool).toMatchObject({
    id: expect.stringMatching(/^twp_/),
    state: "enabled",
    template_ref: "web:v1",
    resolved_template: `local/web:${buildId}`,
    resolved_template_build_id: buildId,
    runtime_artifact_id: templateId,
    checkout_policy: "prefer",
    version_policy: "pinned_build",
    idle_timeout_seconds: 600,
    stale_after_seconds: 900,
    resources: SIZE,
    labels: { a: "b" },
    metadata: { k: [1, { x: null }] },
    status: { target: 1, warming: 1, ready: 0 },
  });
  expect(Object.values(pool)).not.toContain(null);
  expect(memberNames(pool.rollout_status).filter((name) => !ROLLOUT_MEMBERS.has(name))).toEqual([]);
});

describe("creating is refused for", () => {
  test.each<[string, Partial<CreateWarmPoolRequest>, string, RegExp]>([
    ["a template that does not exist", { template_ref: "nobody" }, "template_not_found", /nobody/],
    ["a tag that does not exist", { template_ref: "web:v9" }, "template_not_found", /v9/],
    ["a reference that is none", { template_ref: "A B" }, "invalid_template_ref", /A B/],
    ["following no tag", { version_policy: "track_tag" }, "invalid_request", /set track_tag, or add it/],
    [
      "following a tag of an artifact",
      { template_ref: "ARTIFACT", version_policy: "track_tag", track_tag: "v1" },
      "invalid_request",
      /one artifact/,
    ],
    [
      "pinning and following at once",
      { version_policy: "pinned_build", track_tag: "v1" },
      "invalid_request",
      /contradicts/,
    ],
    ["more members than a host holds", { max_ready: 501 }, "invalid_request", /at most 500/],
    ["less room than members", { min_ready: 3, max_ready: 2 }, "invalid_request", /must be at least min_ready/],
  ])("%s", async (_what, settings, code, message) => {
    await using world = new MemoryFleet();
    const { templateId } = world.seed("web", "v1");
    const ref = settings.template_ref?.replace("ARTIFACT", templateId);
    const request = { name: "p", template_ref: "web", ...settings, ...(ref !== undefined && { template_ref: ref }) };
    const failure = await world.createPool(request).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(world.fleet.pools.list({})).toEqual([]);
  });
});

test("naming a tag to track means that it is tracked", async () => {
  await using world = new MemoryFleet();
  world.seed("web", "v1");
  const pool = await world.createPool({ name: "p", template_ref: "web", track_tag: "v1" });
  expect(pool).toMatchObject({ version_policy: "track_tag", track_tag: "v1" });
  world.seed("web", "v2");
  const moved = world.seed("web", "v1");
  expect((await world.fleet.pools.reconcile(pool.id)).runtime_artifact_id).toBe(moved.templateId);
});

test("null clears what may be cleared, and what is absent stays", async () => {
  await using world = new MemoryFleet();
  world.seed("web", "v1");
  const settings = {
    template_ref: "web:v1",
    version_policy: "track_tag",
    track_tag: "v1",
    host_pool_id: "h",
    cell_id: "c",
  } as const;
  const pool = await world.createPool({ name: "p", ...settings, labels: { a: "b" } });
  const updated = await world.fleet.pools.update(pool.id, {
    track_tag: null,
    host_pool_id: null,
    cell_id: null,
    min_ready: 0,
  });
  for (const member of ["track_tag", "host_pool_id", "cell_id"]) expect(updated).not.toHaveProperty(member);
  expect(updated).toMatchObject({
    min_ready: 0,
    max_ready: 2,
    labels: { a: "b" },
    version_policy: "track_tag",
    rollout_generation: 1,
  });
  await expect(world.fleet.pools.update(pool.id, { min_ready: 9 })).rejects.toMatchObject({ code: "invalid_request" });
});

test("pools are found by state, template, health and labels", async () => {
  await using world = new MemoryFleet();
  const { templateId } = world.seed("web", "v1");
  world.seed("api", "v1");
  const make = (name: string, template: string, labels: Record<string, string>) =>
    world.createPool({ name, template_ref: template, labels, min_ready: 0, max_ready: 0 });
  const [a, b, c] = [
    await make("a", "web", { team: "x" }),
    await make("b", "local/web:v1", { team: "x", tier: "1" }),
    await make("c", "api", {}),
  ];
  const found = (query: Parameters<typeof world.fleet.pools.list>[0]) =>
    world.fleet.pools
      .list(query)
      .map(({ name }) => name)
      .sort();
  expect(found({})).toEqual(["a", "b", "c"]);
  expect(found({ template: "web" })).toEqual(["a", "b"]);
  expect(found({ template: templateId })).toEqual(["a", "b"]);
  expect(found({ template: "web:v9" })).toEqual([]);
  expect(found({ label: ["team=x"] })).toEqual(["a", "b"]);
  expect(found({ label: ["team=x", "tier=1"] })).toEqual(["b"]);
  expect(found({ label: ["toString=function"] })).toEqual([]);
  expect(found({ status: "ready" })).toEqual(["a", "b", "c"]);
  // The newest two; of those that were made within one millisecond, the ids decide.
  const newest = [a, b, c].toSorted((left, right) => (left.id < right.id ? 1 : -1)).slice(0, 2);
  expect(found({ limit: 2 })).toEqual(newest.map(({ name }) => name).sort());
  await world.fleet.pools.disable(a.id);
  await world.fleet.pools.delete(b.id);
  expect(found({ state: "disabled" })).toEqual(["a"]);
  expect(found({ status: "unavailable" })).toEqual(["a"]);
  expect(found({ state: "deleted" })).toEqual(["b"]);
  expect(found({})).toEqual(["a", "c"]);
  expect(c.state).toBe("enabled");
});

test("a pool that does not exist is not found, whatever is asked of it", async () => {
  await using world = new MemoryFleet();
  const { pools } = world.fleet;
  const calls = [
    async () => pools.get("twp_no"),
    async () => pools.status("twp_no"),
    async () => pools.update("twp_no", {}),
    async () => pools.delete("twp_no"),
    async () => pools.enable("twp_no"),
    async () => pools.disable("twp_no"),
    async () => pools.drain("twp_no"),
    async () => pools.reconcile("twp_no"),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "warm_pool_not_found" });
});

test("a live pool forbids deleting its artifact; a machine only keeps the image", async () => {
  await using world = new MemoryFleet();
  const { templateId } = world.seed("web");
  const pool = await world.createPool({ name: "p", template_ref: "web", min_ready: 0, max_ready: 0 });
  const machine = await world.createMachine({ template: "web" });
  const uses = () => fleetArtifactUses(world.db, [templateId, "tmpl_other"]);
  expect(uses()).toEqual(
    expect.arrayContaining([
      { kind: "warm_pool", id: pool.id, templateId, label: `warm pool "p" (${pool.id})`, blocksDelete: true },
      {
        kind: "machine",
        id: machine.machineId,
        templateId,
        label: `machine ${machine.machineId}`,
        blocksDelete: false,
      },
    ]),
  );
  await world.fleet.pools.delete(pool.id);
  await world.fleet.machines.destroy(machine.machineId);
  expect(uses()).toEqual([]);
});
