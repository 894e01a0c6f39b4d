import { expect, test, vi } from "vitest";
import { SizeLimits } from "../../../service/fleet/machines/size-limits.ts";
import { PLACEMENT_LABEL } from "../../../service/labels.ts";
import { MemoryDriver } from "./memory-driver.ts";
import { MemoryFleet, SIZE } from "./memory-fleet.ts";

const soon = { timeout: 20_000, interval: 5 };
const TRACKED = { name: "web", template_ref: "web:stable", version_policy: "track_tag" as const };
const placedAt = (name: string) => ({ labels: { team: "web", [PLACEMENT_LABEL]: name } });

/** A fleet of which an operator has defined placements, with a pool of `web:stable` on `gpu` that is full. */
async function placedPool({ brings = false } = {}) {
  const placements = new Map([
    ["gpu", "gpu, first"],
    ["gvisor", "gvisor, first"],
  ]);
  const world = new MemoryFleet(undefined, { placements });
  const images = brings ? world.driver.bringsImages() : undefined;
  world.seed("web", "stable");
  const pool = await world.createPool({ ...TRACKED, min_ready: 2, max_ready: 3, ...placedAt("gpu") });
  const view = () => world.fleet.pools.get(pool.id);
  const reconcile = () => world.fleet.pools.reconcile(pool.id);
  const ready = () => world.guests.members(pool.id).filter(({ state }) => state === "ready");
  const untilReadyOn = (placement: string | null, count = 2) =>
    vi.waitFor(() => expect(ready().map((guest) => guest.placement)).toEqual(Array(count).fill(placement)), soon);
  await untilReadyOn("gpu");
  return { world, images, placements, pool, view, reconcile, ready, untilReadyOn };
}

test("members are started on the placement that the pool's label names, and so is what starts cold because none is ready", async () => {
  const { world, pool } = await placedPool();
  await using _world = world;
  const started = () => [...world.driver.guests.values()].map(({ spec }) => spec);
  expect(started().map(({ placement }) => placement)).toEqual(["gpu", "gpu"]);
  await world.fleet.pools.update(pool.id, { min_ready: 0, max_ready: 0 });
  await vi.waitFor(() => expect(world.guests.members(pool.id)).toEqual([]), soon);
  for (const mode of ["prefer", "bypass"] as const) {
    const cold = await world.createMachine({ template: "web:stable", warm_pool: { id: pool.id, mode } });
    const guest = world.guests.ofMachine(cold.machineId);
    expect(started().find(({ guestId }) => guestId === guest?.guestId)).toMatchObject({ placement: "gpu" });
  }
  const elsewhere = await world.createMachine({ template: "web:stable" });
  expect(world.guests.ofMachine(elsewhere.machineId)?.placement).toBeNull();
});

test("a placement that there is none of is refused with those that there are, at creation and update; any at a service without", async () => {
  const { world, pool, view } = await placedPool();
  await using _world = world;
  const refusal = { status: 400, message: expect.stringMatching(/placement "gpus".*gpu, gvisor/) };
  await expect(world.createPool({ ...TRACKED, name: "other", ...placedAt("gpus") })).rejects.toMatchObject(refusal);
  await expect(world.fleet.pools.update(pool.id, placedAt("gpus"))).rejects.toMatchObject(refusal);
  for (const name of ["", "__proto__", "constructor"]) {
    await expect(world.fleet.pools.update(pool.id, placedAt(name))).rejects.toMatchObject({ status: 400 });
  }
  expect(view()).toMatchObject({ ...placedAt("gpu"), rollout_generation: 1 });

  await using plain = new MemoryFleet();
  plain.seed("web", "stable");
  const nowhere = { status: 400, message: expect.stringContaining("no placements") };
  await expect(plain.createPool({ ...TRACKED, ...placedAt("gpu") })).rejects.toMatchObject(nowhere);
});

test("another placement is a roll-out that never leaves the pool without members; other labels are none", async () => {
  const { world, pool, view, reconcile, ready, untilReadyOn } = await placedPool();
  await using _world = world;
  const before = ready().map(({ guestId }) => guestId);
  await world.fleet.pools.update(pool.id, { labels: { ...placedAt("gpu").labels, team: "other" } });
  await reconcile();
  expect(ready().map(({ guestId }) => guestId)).toEqual(before);
  let least = Infinity;
  world.driver.onStart = () => (least = Math.min(least, view().status.ready));
  await world.fleet.pools.update(pool.id, placedAt("gvisor"));
  await untilReadyOn("gvisor");
  expect(least).toBeGreaterThanOrEqual(2);
  expect(view()).toMatchObject({ rollout_generation: 2, rollout_status: { old_ready_or_warming: 0 } });
  await world.fleet.pools.update(pool.id, { labels: {} });
  await untilReadyOn(null);
  expect(view().rollout_generation).toBe(3);
});

test("a placement that says something else since the last start is a roll-out, too", async () => {
  const { world, placements, view, reconcile, ready } = await placedPool();
  await using _world = world;
  const before = ready().map(({ guestId }) => guestId);
  placements.set("gpu", "gpu, second");
  await reconcile();
  await vi.waitFor(() => {
    expect(ready()).toHaveLength(2);
    expect(ready().map(({ guestId }) => guestId)).not.toEqual(expect.arrayContaining([before[0]]));
    expect(ready().map(({ guestId }) => guestId)).not.toEqual(expect.arrayContaining([before[1]]));
  }, soon);
  expect(view().rollout_generation).toBe(2);
});

test("the roll-out to another placement waits until its nodes have the image", async () => {
  const { world, images, pool, ready, untilReadyOn } = await placedPool({ brings: true });
  await using _world = world;
  const before = ready().map(({ guestId }) => guestId);
  const [templateId = ""] = ready().map((guest) => guest.templateId);
  await world.fleet.pools.update(pool.id, placedAt("gvisor"));
  await vi.waitFor(() => expect(images?.asked).toEqual([templateId]), soon);
  expect(world.driver.preparedFor).toEqual(["gvisor"]);
  expect(ready().map(({ guestId }) => guestId)).toEqual(before);
  images?.answer(templateId, "there");
  await untilReadyOn("gvisor");
});

test("a placement that is gone costs no member, starts nothing elsewhere, and says what to do; all is well when it is back", async () => {
  const { world, placements, pool, view, reconcile, ready, untilReadyOn } = await placedPool();
  await using _world = world;
  const before = ready().map(({ guestId }) => guestId);
  placements.delete("gpu");
  world.seed("web", "stable");
  await reconcile();
  expect(view()).toMatchObject({
    degraded_reason: "no_eligible_hosts",
    degraded_message: expect.stringMatching(/"gpu" is not defined.*--placements/),
    rollout_generation: 1,
  });
  // Another change is not refused for it, and is no reason to let anything go.
  await world.fleet.pools.update(pool.id, { max_ready: 4 });
  expect(ready().map(({ guestId }) => guestId)).toEqual(before);
  const pinned = { id: pool.id, mode: "require" as const };
  const machine = await world.createMachine({ warm_pool: pinned });
  expect(before).toContain(world.guests.ofMachine(machine.machineId)?.guestId);
  const cold = world.createMachine({ warm_pool: { id: pool.id, mode: "bypass" } });
  await expect(cold).rejects.toMatchObject({ status: 409, message: expect.stringContaining("--placements") });
  await reconcile();
  expect(world.driver.started).toHaveLength(2);

  placements.set("gpu", "gpu, first");
  await reconcile();
  await untilReadyOn("gpu");
  expect(view()).toMatchObject({ rollout_generation: 2 });
  expect((await reconcile()).degraded_reason).toBeUndefined();
});

test("a size is held against the hosts of the placement, each asked once", async () => {
  const asked: (string | undefined)[] = [];
  const sizes = new SizeLimits(
    {
      capabilities: new MemoryDriver().capabilities,
      hostSize: async (_signal, placement) => {
        asked.push(placement);
        const memoryMb = placement === "large" ? 4096 : 128;
        return { vcpus: 4, memoryMb, unbounded: [], sharesCpus: placement !== "large" };
      },
    },
    { warn: () => undefined },
  );
  const size = { vcpus: SIZE.vcpus, memoryMb: 1024 };
  await expect(sizes.check(size)).rejects.toMatchObject({ status: 400 });
  await expect(sizes.check(size, undefined, "small")).rejects.toMatchObject({ status: 400 });
  await sizes.check(size, undefined, "large");
  await expect(sizes.check({ vcpus: 5 }, undefined, "large")).rejects.toMatchObject({ status: 400 });
  await sizes.check({ vcpus: 5 }, undefined, "small");
  expect(asked).toEqual([undefined, "small", "large"]);
});
