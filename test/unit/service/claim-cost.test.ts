import { expect, test, vi } from "vitest";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 20_000, interval: 2 };

test("a claim, and the refill behind it, read as much with many machines alive as with few", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  const pool = await world.createPool({ name: "web", min_ready: 2, max_ready: 2 });
  const rows = { read: 0, isCounting: true };
  /** Asks how many are ready, as often as it takes: what this reads is the test's own. */
  const untilFull = () =>
    vi.waitFor(() => {
      rows.isCounting = false;
      const { ready } = world.fleet.pools.status(pool.id);
      rows.isCounting = true;
      expect(ready).toBe(2);
    }, soon);
  const claim = () => world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });

  const { db } = world;
  const all = db.all.bind(db);
  vi.spyOn(db, "all").mockImplementation((sql, binds) => {
    const found = all(sql, binds);
    // What time does to all machines is looked at together, so often and no oftener.
    if (rows.isCounting && !sql.includes("FROM machines WHERE status IN")) rows.read += found.length;
    return found as never;
  });
  /** Rows read by a claim until the pool is full again: the fewest of some, as looks at the clock fall among them. */
  const cost = async () => {
    let fewest = Infinity;
    for (let i = 0; i < 5; i++) {
      await untilFull();
      rows.read = 0;
      await claim();
      await untilFull();
      fewest = Math.min(fewest, rows.read);
    }
    return fewest;
  };

  const withFew = await cost();
  for (let i = 0; i < 60; i++) {
    await untilFull();
    await claim();
  }
  expect(await cost()).toBeLessThanOrEqual(withFew + 10);
});
