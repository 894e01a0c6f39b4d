import fc from "fast-check";
import { expect, test } from "vitest";
import { PoolWorld } from "./pool-world.ts";

type Step = { do: string; n: number };

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom(
      "reconcile",
      "reconcile",
      "reconcile",
      "warmUp",
      "warmUp",
      "failWarming",
      "failReady",
      "remove",
      "remove",
      "claim",
      "wait",
      "bounds",
      "move",
      "unresolved",
      "state",
      "waiters",
    ),
    n: fc.nat({ max: 1000 }),
  }),
  { minLength: 1, maxLength: 120 },
);

const states = ["enabled", "enabled", "enabled", "disabled", "draining", "deleted"] as const;

/** Does one thing to the world; `reconcile` checks the invariants of every pass. */
function act(world: PoolWorld, step: Step): void {
  if (step.do === "reconcile") return checkedPass(world);
  if (step.do === "warmUp") return world.warmUp(step.n);
  if (step.do === "failWarming") return world.fail("warming", step.n);
  if (step.do === "failReady") return world.fail("ready", step.n);
  if (step.do === "remove") return world.remove(step.n);
  if (step.do === "claim") return void world.claim(step.n);
  if (step.do === "wait") return void (world.nowMs += step.n * 1000);
  if (step.do === "waiters") return void (world.waitingCheckouts = step.n % 6);
  if (step.do === "bounds") {
    const minReady = step.n % 5;
    world.desired = { ...world.desired, minReady, maxReady: minReady + (Math.floor(step.n / 5) % 3) };
  } else if (step.do === "move") world.desired = { ...world.desired, key: "ABCD"[step.n % 4] ?? null };
  else if (step.do === "unresolved") world.desired = { ...world.desired, key: null };
  else world.desired = { ...world.desired, state: states[step.n % states.length] ?? "enabled" };
}

function checkedPass(world: PoolWorld): void {
  const before = world.members;
  const readyBefore = world.count("ready");
  const plan = world.reconcile();
  const { state, minReady, maxReady, key } = world.desired;

  const warmed = plan.actions.filter((action) => action.kind === "warm");
  const released = plan.actions.filter((action) => action.kind === "release").map((action) => action.memberId);
  // Population: what is started fits beside everything that still holds a place.
  if (warmed.length > 0) expect(before.length + warmed.length).toBeLessThanOrEqual(maxReady);
  // Each member is let go once, and only a member that lives.
  expect(new Set(released).size).toBe(released.length);
  for (const id of released) expect(before.find((member) => member.id === id)?.state).toMatch(/^(warming|ready)$/);
  // Only an enabled pool fills, and only with the present kind.
  if (warmed.length > 0) expect(state).toBe("enabled");
  for (const action of warmed) expect(action.key).toBe(key);
  // A pass never makes an enabled pool poorer than its floor; without room for a surge by one at most.
  if (state === "enabled") {
    const floor = Math.min(readyBefore, maxReady > minReady ? minReady : Math.max(0, minReady - 1));
    expect(world.count("ready")).toBeGreaterThanOrEqual(floor);
  }
  // Level-triggered: looking again at once finds nothing more to do.
  expect(world.reconcile().actions).toEqual([]);
  // What is due later is later.
  if (plan.nextLookAtMs !== null) expect(plan.nextLookAtMs).toBeGreaterThan(world.nowMs);
}

test("whatever happens, the population stays bounded and a rollout never empties the pool", () => {
  fc.assert(
    fc.property(steps, (script) => {
      const world = new PoolWorld({ minReady: 2, maxReady: 3, staleAfterMs: 300_000, idleTimeoutMs: 100_000 });
      for (const step of script) act(world, step);
    }),
    { numRuns: 1000 },
  );
});

test("when things stop happening, every pool arrives where it should be", () => {
  fc.assert(
    fc.property(steps, (script) => {
      const world = new PoolWorld({ minReady: 2, maxReady: 3, staleAfterMs: 300_000, idleTimeoutMs: 100_000 });
      for (const step of script) act(world, step);
      world.waitingCheckouts = 0;
      world.desired = { ...world.desired, key: world.desired.key ?? "A" };
      world.settle();
      const { state, minReady, maxReady, key } = world.desired;
      expect(world.count("warming") + world.count("terminating")).toBe(0);
      if (state === "draining" || state === "deleted") expect(world.members).toEqual([]);
      if (state !== "enabled") return;
      expect(world.count("ready")).toBeGreaterThanOrEqual(minReady);
      expect(world.count("ready")).toBeLessThanOrEqual(maxReady);
      expect(new Set(world.members.map((member) => member.key))).toEqual(
        new Set(minReady > 0 ? [key] : world.members.map((m) => m.key)),
      );
      // What is above the floor goes once it has been idle.
      world.nowMs += 100_001;
      world.settle();
      expect(world.count("ready")).toBe(minReady);
    }),
    { numRuns: 1000 },
  );
});
