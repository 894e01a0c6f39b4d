import { expect, test, vi } from "vitest";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 10_000, interval: 5 };
const CHECKED = { runtime_config: { readiness: { kind: "tcp", port: 80 } } } as const;

async function poolOfTwo(world: MemoryFleet) {
  world.seed("web", "default", CHECKED);
  const pool = await world.createPool({ name: "web", min_ready: 2, max_ready: 2 });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(2), soon);
  const [first, second] = world.guests.ofPool(pool.id);
  return { pool, first: first!.guestId, second: second!.guestId };
}

test("a ready member that stops passing its check is replaced, and the pool says why", async () => {
  await using world = new MemoryFleet();
  const { pool, first, second } = await poolOfTwo(world);
  world.driver.unwell.add(first);
  await vi.waitFor(() => expect(world.guests.get(first)).toBeUndefined(), soon);
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(2), soon);
  expect(world.guests.get(second)?.state).toBe("ready");
  expect(world.fleet.pools.get(pool.id).status.failed).toBe(1);
});

test("a member that was frozen by somebody is no ready one", async () => {
  await using world = new MemoryFleet();
  const { pool, first } = await poolOfTwo(world);
  await world.driver.pause(first);
  await vi.waitFor(() => expect(world.guests.get(first)).toBeUndefined(), soon);
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(2), soon);
});

test("a claim does not give out a member whose server has died since it was seen last", async () => {
  await using world = new MemoryFleet();
  const { pool, first, second } = await poolOfTwo(world);
  // Longer than a look counts, and less than until the next one.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  world.driver.unwell.add(first);
  const machine = await world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });
  expect(world.guests.ofMachine(machine.machineId)?.guestId).toBe(second);
});

test("a member is not let go for an engine that is away", async () => {
  await using world = new MemoryFleet();
  const { pool, first, second } = await poolOfTwo(world);
  world.driver.isAway = true;
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  world.driver.isAway = false;
  await world.fleet.pools.reconcile(pool.id);
  expect([first, second].map((id) => world.guests.get(id)?.state)).toEqual(["ready", "ready"]);
}, 20_000);

test("the worker of a deleted pool ends", async () => {
  await using world = new MemoryFleet();
  const { pool } = await poolOfTwo(world);
  await world.fleet.pools.delete(pool.id);
  await vi.waitFor(() => expect(world.driver.guests.size).toBe(0), soon);
  await vi.waitFor(() => expect(world.fleet.poolWorkers).toBe(0), soon);
});
