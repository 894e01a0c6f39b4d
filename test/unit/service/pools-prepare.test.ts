import { expect, test, vi } from "vitest";
import { poolDetails } from "../../../service/page/views/pool.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 20_000, interval: 5 };
const TRACKED = { name: "web", template_ref: "web:stable", version_policy: "track_tag" as const };

function buildOf({ db }: MemoryFleet, templateId: string): string | undefined {
  return db.get<{ buildId: string }>("SELECT build_id AS buildId FROM artifacts WHERE template_id = ?", [templateId])
    ?.buildId;
}

/** A fleet whose images have to be brought to their hosts, with a pool of `web:stable` that is full. */
async function fullPool(minReady: number, maxReady: number) {
  const world = new MemoryFleet();
  const images = world.driver.bringsImages();
  const first = world.seed("web", "stable");
  const pool = await world.createPool({ ...TRACKED, min_ready: minReady, max_ready: maxReady });
  const view = () => world.fleet.pools.get(pool.id);
  const untilReady = (count: number) => vi.waitFor(() => expect(view().status.ready).toBe(count), soon);
  await untilReady(minReady);
  const membersOf = (templateId: string) =>
    world.guests.members(pool.id).filter((guest) => guest.state === "ready" && guest.templateId === templateId);
  /** Everything that is decided now has been decided. */
  const reconcile = () => world.fleet.pools.reconcile(pool.id);
  return { world, images, first: first.templateId, pool, view, untilReady, membersOf, reconcile };
}

test("a new pool does not wait for every host to have the image", async () => {
  const { world, images } = await fullPool(2, 3);
  await using _world = world;
  expect(images.asked).toEqual([]);
});

test("the generation before stays whole, and is refilled, until the new image is there; then the roll-out begins", async () => {
  const { world, images, first, pool, view, untilReady, membersOf, reconcile } = await fullPool(2, 3);
  await using _world = world;
  const before = membersOf(first).map(({ guestId }) => guestId);
  const second = world.seed("web", "stable").templateId;
  await vi.waitFor(() => expect(images.asked).toEqual([second]), soon);
  await reconcile();
  expect(view()).toMatchObject({ runtime_artifact_id: first, rollout_generation: 1, status: { ready: 2 } });
  expect(membersOf(first).map(({ guestId }) => guestId)).toEqual(before);

  const machine = await world.createMachine({ template: "web:stable", warm_pool: { id: pool.id, mode: "require" } });
  expect(world.guests.ofMachine(machine.machineId)?.templateId).toBe(first);
  await untilReady(2);
  expect(membersOf(first)).toHaveLength(2);
  expect([...world.driver.guests.values()].map(({ spec }) => spec.artifact.templateId)).not.toContain(second);
  expect(view().degraded_reason).toBeUndefined();
  const shown = () => poolDetails(world.db, pool.id, { nowMs: Date.now() }).rollOut;
  expect(shown()).toMatchObject({ generation: 1, next: buildOf(world, second), current: 2, old: 0 });

  let least = Infinity;
  world.driver.onStart = () => (least = Math.min(least, view().status.ready));
  images.answer(second, "there");
  await vi.waitFor(() => expect(membersOf(second)).toHaveLength(2), soon);
  expect(view()).toMatchObject({ runtime_artifact_id: second, rollout_generation: 2 });
  expect(least).toBeGreaterThanOrEqual(2);
  expect(images.asked).toEqual([second]);
  expect(shown()).not.toHaveProperty("next");
});

test("an image that no host gets is why the pool is degraded, and costs it no member; a reconcile tries at once", async () => {
  const { world, images, first, view, membersOf, reconcile } = await fullPool(2, 2);
  await using _world = world;
  const second = world.seed("web", "stable").templateId;
  images.answer(second, "missing");
  await vi.waitFor(() => expect(view().degraded_reason).toBe("artifact_not_ready"), soon);
  expect(view()).toMatchObject({
    degraded_message: expect.stringContaining("node n1"),
    runtime_artifact_id: first,
    status: { ready: 2, failed: 0 },
  });
  images.answer(second, "there");
  await reconcile();
  await vi.waitFor(() => expect(membersOf(second)).toHaveLength(2), soon);
  expect((await reconcile()).degraded_reason).toBeUndefined();
});

test("a tag that moves on, or back, ends what is under way for the build between", async () => {
  const { world, images, first, view, membersOf, reconcile } = await fullPool(1, 2);
  await using _world = world;
  const second = world.seed("web", "stable").templateId;
  await vi.waitFor(() => expect(images.asked).toEqual([second]), soon);
  const third = world.seed("web", "stable").templateId;
  await vi.waitFor(() => expect([images.asked, images.given]).toEqual([[second, third], [second]]), soon);
  world.db.run("UPDATE tags SET build_id = (SELECT build_id FROM artifacts WHERE template_id = ?)", [first]);
  await reconcile();
  await vi.waitFor(() => expect(images.given).toEqual([second, third]), soon);
  expect(view()).toMatchObject({ runtime_artifact_id: first, rollout_generation: 1 });
  expect(membersOf(first)).toHaveLength(1);
});

test("a pool that is given another template keeps what it has until that one's image is there", async () => {
  const { world, images, first, pool, view, membersOf, reconcile } = await fullPool(2, 2);
  await using _world = world;
  const other = world.seed("other", "stable").templateId;
  await world.fleet.pools.update(pool.id, { template_ref: "other:stable" });
  await vi.waitFor(() => expect(images.asked).toEqual([other]), soon);
  await reconcile();
  expect(view()).toMatchObject({ runtime_artifact_id: other, rollout_status: { old_ready_or_warming: 2 } });
  expect(membersOf(first)).toHaveLength(2);
  images.answer(other, "there");
  await vi.waitFor(() => expect(membersOf(other)).toHaveLength(2), soon);
});

test("a pool whose old members have all gone waits for no host either", async () => {
  const { world, images, first, pool, membersOf } = await fullPool(1, 1);
  await using _world = world;
  await world.fleet.pools.disable(pool.id);
  world.driver.kill(membersOf(first)[0]?.guestId ?? "");
  await vi.waitFor(() => expect(world.guests.members(pool.id)).toEqual([]), soon);
  const second = world.seed("web", "stable").templateId;
  await world.fleet.pools.enable(pool.id);
  await vi.waitFor(() => expect(membersOf(second)).toHaveLength(1), soon);
  expect(images.asked).toEqual([]);
});

test("a service that stops, and a pool that is deleted, give up what is under way", async () => {
  const { world, images, pool } = await fullPool(1, 2);
  const second = world.seed("web", "stable").templateId;
  await vi.waitFor(() => expect(images.asked).toEqual([second]), soon);
  await world.fleet.pools.delete(pool.id);
  await vi.waitFor(() => expect(images.given).toEqual([second]), soon);
  await world[Symbol.asyncDispose]();

  const other = await fullPool(1, 2);
  const next = other.world.seed("web", "stable").templateId;
  await vi.waitFor(() => expect(other.images.asked).toEqual([next]), soon);
  await other.world[Symbol.asyncDispose]();
  expect(other.images.given).toEqual([next]);
});
