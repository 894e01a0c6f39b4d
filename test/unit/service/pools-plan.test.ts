import { retryAtMs } from "../../../service/fleet/pools/backoff.ts";
import { describe, expect, test } from "vitest";
import { PoolWorld } from "./pool-world.ts";

const releases = (plan: { actions: readonly { kind: string; reason?: string }[] }) =>
  plan.actions.filter((action) => action.kind === "release").map((action) => action.reason);
const warms = (plan: { actions: readonly { kind: string }[] }) =>
  plan.actions.filter((action) => action.kind === "warm").length;

describe("an enabled pool", () => {
  test("fills to min_ready, at most two at once until one of the kind has become ready", () => {
    const world = new PoolWorld({ minReady: 5, maxReady: 6 });
    expect(warms(world.reconcile())).toBe(2);
    expect(warms(world.reconcile())).toBe(0);
    world.warmUp();
    expect(warms(world.reconcile())).toBe(3);
  });

  test("refills what was checked out, and nothing more", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 4 });
    world.settle();
    world.claim();
    expect(warms(world.reconcile())).toBe(1);
    expect(warms(world.reconcile())).toBe(0);
  });

  test("warms one more for each checkout that waits, up to max_ready", () => {
    const world = new PoolWorld({ minReady: 0, maxReady: 2 });
    world.settle();
    expect(world.members).toHaveLength(0);
    world.waitingCheckouts = 5;
    expect(warms(world.reconcile())).toBe(2);
  });

  test("lets members above min_ready go after their idle timeout, and says when to look", () => {
    const world = new PoolWorld({ minReady: 1, maxReady: 3, idleTimeoutMs: 10_000 });
    world.waitingCheckouts = 2;
    world.settle();
    expect(world.count("ready")).toBe(3);
    world.waitingCheckouts = 0;
    const plan = world.reconcile();
    expect(plan.actions).toEqual([]);
    expect(plan.nextLookAtMs).toBe(world.nowMs + 10_000);
    world.nowMs += 10_000;
    expect(releases(world.reconcile())).toEqual(["idle", "idle"]);
  });

  test("goes down to a lowered max_ready at once, first what is not ready, then the newest", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 4 });
    world.settle();
    const [oldest] = world.members;
    world.nowMs += 1;
    world.desired = { ...world.desired, minReady: 3 };
    world.reconcile();
    world.desired = { ...world.desired, minReady: 1, maxReady: 1 };
    expect(releases(world.reconcile())).toEqual(["surplus", "surplus"]);
    expect(world.members.filter((member) => member.state === "ready")).toEqual([oldest]);
  });

  test("starts nothing while what it lets go still holds its place", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 2 });
    world.settle();
    world.fail("ready");
    world.nowMs += 60_000;
    expect(warms(world.reconcile())).toBe(0);
    world.remove();
    expect(warms(world.reconcile())).toBe(1);
  });
});

describe("a rollout", () => {
  test("warms the new beside the old up to max_ready, and lets one old go for each new", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 3 });
    world.settle();
    world.desired = { ...world.desired, key: "B" };
    let plan = world.reconcile();
    expect([warms(plan), releases(plan)]).toEqual([1, []]);
    world.warmUp();
    plan = world.reconcile();
    expect([warms(plan), releases(plan)]).toEqual([0, ["outdated"]]);
    expect(world.count("ready")).toBe(2);
    world.remove();
    world.settle();
    expect(world.members.map((member) => member.key)).toEqual(["B", "B"]);
  });

  test("without room replaces one at a time, so that never more than one is missing", () => {
    const world = new PoolWorld({ minReady: 3, maxReady: 3 });
    world.settle();
    world.desired = { ...world.desired, key: "B" };
    for (let turn = 0; turn < 3; turn += 1) {
      expect(releases(world.reconcile())).toEqual(["outdated"]);
      expect(world.reconcile().actions).toEqual([]);
      expect(world.count("ready")).toBe(2);
      world.remove();
      expect(warms(world.reconcile())).toBe(1);
      world.warmUp();
    }
    expect(world.reconcile().actions).toEqual([]);
    expect(world.members.every((member) => member.key === "B")).toBe(true);
  });

  test("keeps the old members as long as the new ones fail", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 3 });
    world.settle();
    world.desired = { ...world.desired, key: "broken" };
    for (let turn = 0; turn < 20; turn += 1) {
      world.reconcile();
      world.fail("warming");
      world.remove();
      world.nowMs += 120_000 / 20;
    }
    expect(world.count("ready")).toBe(2);
  });

  test("drops members of the old build that are still warming", () => {
    const world = new PoolWorld({ minReady: 1, maxReady: 2 });
    world.reconcile();
    world.desired = { ...world.desired, key: "B" };
    const plan = world.reconcile();
    expect(releases(plan)).toEqual(["outdated"]);
    expect(warms(plan)).toBe(1);
  });

  test("replaces stale members as it replaces outdated ones", () => {
    const world = new PoolWorld({ minReady: 1, maxReady: 2, staleAfterMs: 5_000 });
    world.settle();
    world.nowMs += 5_000;
    expect(warms(world.reconcile())).toBe(1);
    world.warmUp();
    expect(releases(world.reconcile())).toEqual(["expired"]);
  });

  test("waits for no failure that is yet to come: the clock was set back", () => {
    const streak = { count: 8, lastAtMs: 1_000_000 };
    expect(retryAtMs(streak, 1_000_000)).toBe(1_060_000);
    expect(retryAtMs(streak, 999_999)).toBe(-Infinity);
  });

  test("releases nothing when the template cannot be resolved", () => {
    const world = new PoolWorld();
    world.settle();
    world.desired = { ...world.desired, key: null };
    world.nowMs += 10_000_000;
    expect(world.reconcile().actions).toEqual([]);
  });
});

describe("failing members", () => {
  test("are started again later and later, one at a time, at most once a minute in the end", () => {
    const world = new PoolWorld({ minReady: 3, maxReady: 5 });
    world.reconcile();
    world.fail("warming");
    world.fail("warming");
    world.remove();
    world.remove();
    const waits: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const plan = world.reconcile();
      expect(plan.actions).toEqual([]);
      waits.push((plan.nextLookAtMs ?? 0) - world.nowMs);
      world.nowMs = plan.nextLookAtMs ?? 0;
      expect(warms(world.reconcile())).toBe(1);
      world.fail("warming");
      world.remove();
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  });
});

describe("disabled, draining, deleted", () => {
  test("a disabled pool keeps what is ready until it is stale, and fills nothing", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 3, staleAfterMs: 5_000 });
    world.settle();
    world.desired = { ...world.desired, state: "disabled" };
    world.claim();
    const plan = world.reconcile();
    expect(plan).toEqual({ actions: [], nextLookAtMs: world.nowMs + 5_000 });
    world.nowMs += 5_000;
    expect(releases(world.reconcile())).toEqual(["expired"]);
  });

  test.each(["draining", "deleted"] as const)("a %s pool lets everything go", (state) => {
    const world = new PoolWorld({ minReady: 3, maxReady: 3 });
    world.reconcile();
    world.warmUp();
    world.desired = { ...world.desired, state };
    expect(releases(world.reconcile())).toEqual(["drained", "drained"]);
    world.remove();
    world.remove();
    expect(world.reconcile()).toEqual({ actions: [], nextLookAtMs: null });
  });

  test("a drain can be undone before it has ended", () => {
    const world = new PoolWorld({ minReady: 2, maxReady: 3 });
    world.settle();
    world.desired = { ...world.desired, state: "draining" };
    world.reconcile();
    world.desired = { ...world.desired, state: "enabled" };
    world.settle();
    expect(world.count("ready")).toBe(2);
  });
});
