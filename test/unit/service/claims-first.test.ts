import { expect, test, vi } from "vitest";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 10_000, interval: 5 };

/** A pool of two, of which one was just claimed, and what happens from then on, in order. */
async function claimed(world: MemoryFleet) {
  world.seed("web");
  const pool = await world.createPool({ name: "web", min_ready: 2, max_ready: 4 });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(2), soon);
  const claim = () => world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });
  const first = await claim();
  const events: string[] = [];
  const { driver } = world;
  const [remove, start] = [driver.remove.bind(driver), driver.start.bind(driver)];
  vi.spyOn(driver, "remove").mockImplementation((guestId) => {
    events.push("remove");
    return remove(guestId);
  });
  vi.spyOn(driver, "start").mockImplementation((spec) => {
    events.push("start");
    return start(spec);
  });
  return { claim, first, events };
}

test("a claim that comes with the end of another machine is served before the removal and the refill begin", async () => {
  await using world = new MemoryFleet();
  const { claim, first, events } = await claimed(world);
  const ended = world.fleet.machines.destroy(first.machineId);
  // The claim reaches the service a moment after the end.
  await new Promise((resolve) => setImmediate(resolve));
  await claim();
  events.push("claimed");
  await ended;
  expect(events.filter((event) => event !== "start")).toEqual(["claimed", "remove"]);
  expect(events[0]).toBe("claimed");
});

test("a removal does not wait for ever while claims go on", async () => {
  await using world = new MemoryFleet();
  const { claim, first, events } = await claimed(world);
  let isEnded = false;
  const ended = world.fleet.machines.destroy(first.machineId).finally(() => (isEnded = true));
  // A claim that finds none ready is refused: the next one comes a moment later.
  while (!isEnded) await claim().catch(() => new Promise((resolve) => setImmediate(resolve)));
  await ended;
  expect(events).toContain("remove");
});
