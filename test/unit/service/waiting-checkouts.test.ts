import { expect, test, vi } from "vitest";
import { ClaimTraffic } from "../../../service/fleet/guests/claim-traffic.ts";
import { WaitingCheckouts } from "../../../service/fleet/pools/waiting-checkouts.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 20_000, interval: 5 };
const MANY = 60;

/** A pool without members, and so many callers that wait for one. */
async function crowd(world: MemoryFleet, callers: number) {
  world.seed("web");
  const pool = await world.createPool({ name: "web", min_ready: 0, max_ready: callers });
  const served: number[] = [];
  const claims = Array.from({ length: callers }, async (_, index) => {
    const warm_pool = { id: pool.id, mode: "require", wait_ms: 60_000 } as const;
    await world.createMachine({ template: "web", warm_pool });
    served.push(index);
  });
  return { served, claims };
}

test("those who came first are served first, each with one member", async () => {
  await using world = new MemoryFleet();
  const { served, claims } = await crowd(world, 20);
  await Promise.all(claims);
  expect(served).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test("a member costs about one try, however many wait for it", async () => {
  await using world = new MemoryFleet();
  let tries = 0;
  const { wait } = WaitingCheckouts.prototype;
  using _counting = vi.spyOn(WaitingCheckouts.prototype, "wait").mockImplementation(function (
    this: WaitingCheckouts,
    poolId,
    timeoutMs,
    attempt,
  ) {
    const counted = () => {
      tries += 1;
      return attempt();
    };
    return wait.call(this, poolId, timeoutMs, counted);
  });
  const { claims } = await crowd(world, MANY);
  await Promise.all(claims);
  expect(tries).toBeGreaterThanOrEqual(MANY);
  expect(tries).toBeLessThan(MANY * 4);
});

test("one that can use nothing of what is ready does not hold up those behind it", async () => {
  const ready = new Set(["pool"]);
  const waiting = new WaitingCheckouts((poolId) => ready.has(poolId), new AbortController().signal);
  const picky = waiting.wait("pool", 60_000, () => undefined);
  const plain = waiting.wait("pool", 60_000, () => {
    ready.delete("pool");
    return { got: "a member" };
  });
  const late = waiting.wait("pool", 60_000, () => ({ got: "nothing was left for it" }));
  waiting.serve("pool");
  expect(await plain).toEqual({ got: "a member" });
  expect(waiting.count("pool")).toBe(2);
  waiting.endAll();
  expect(await Promise.all([picky, late])).toEqual([undefined, undefined]);
  expect(waiting.count("pool")).toBe(0);
});

test("a pool that is otherwise than before is looked at by all who wait, ready members or not", async () => {
  const waiting = new WaitingCheckouts(() => false, new AbortController().signal);
  const refused = waiting.wait("pool", 60_000, () => ({ kind: "closed" }));
  const failed = waiting.wait("pool", 60_000, () => {
    throw new Error("the template is gone");
  });
  waiting.serve("pool");
  await Promise.resolve();
  expect(waiting.count("pool")).toBe(2);
  waiting.reconsider("pool");
  expect(await refused).toEqual({ kind: "closed" });
  await expect(failed).rejects.toThrow("the template is gone");
});

test("a wait ends with its time", async () => {
  vi.useFakeTimers();
  try {
    const waiting = new WaitingCheckouts(() => true, new AbortController().signal);
    const outcome = waiting.wait("pool", 1_000, () => undefined);
    await vi.advanceTimersByTimeAsync(999);
    expect(waiting.count("pool")).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toBeUndefined();
    expect(waiting.count("pool")).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test.for([
  { sharesHost: true, waits: 1 },
  { sharesHost: false, waits: 0 },
])("a removal lets claims pass only where it takes their processors: %o", async ({ sharesHost, waits }) => {
  await using world = new MemoryFleet(undefined, { sharesHost });
  world.seed("web");
  const machine = await world.createMachine({ template: "web" });
  using quiet = vi.spyOn(ClaimTraffic.prototype, "untilQuiet");
  await world.fleet.machines.destroy(machine.machineId);
  await vi.waitFor(() => expect(world.driver.guests.size).toBe(0), soon);
  expect(quiet).toHaveBeenCalledTimes(waits);
});
