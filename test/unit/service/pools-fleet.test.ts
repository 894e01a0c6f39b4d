import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 10_000, interval: 5 };

test("a member that died between its last sign of life and the claim is not handed out", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  const pool = await world.createPool({ name: "web", min_ready: 2, max_ready: 2 });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(2), soon);
  const [oldest] = world.guests.ofPool(pool.id);
  world.driver.kill(oldest?.guestId ?? "");
  const machine = await world.createMachine({ template: "web", warm_pool: { id: pool.id, mode: "require" } });
  expect(world.guests.ofMachine(machine.machineId)?.guestId).not.toBe(oldest?.guestId);
  await vi.waitFor(() => expect([...world.driver.guests.keys()]).not.toContain(oldest?.guestId), soon);
  // The machine that the ghost was written for is no machine of anybody.
  expect(world.fleet.machines.list({ statuses: ["creating", "running"], limit: 10 })).toHaveLength(1);
});

test("while the engine is away a pool says so, keeps what it knows, and goes on when it is back", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  world.driver.isAway = true;
  const pool = await world.createPool({ name: "web" });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).degraded_reason).toBe("no_eligible_hosts"), soon);
  expect(world.fleet.pools.get(pool.id).status).toMatchObject({ warming: 1, failed: 0 });
  const reconciled = await world.fleet.pools.reconcile(pool.id);
  expect(reconciled.degraded_reason).toBe("no_eligible_hosts");
  await expect(world.createMachine({ template: "web" })).rejects.toMatchObject({ code: "engine_unavailable" });

  world.driver.isAway = false;
  await world.fleet.pools.reconcile(pool.id);
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(1), soon);
  expect((await world.fleet.pools.reconcile(pool.id)).degraded_reason).toBeUndefined();
  expect(world.driver.guests.size).toBe(1);
});

test("a pool whose members fail holds back, and a reconcile tries at once", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  world.driver.failingStarts = 3;
  const pool = await world.createPool({ name: "web" });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).degraded_reason).toBe("artifact_prewarm_failed"), soon);
  const starts = world.driver.started.length;
  expect(world.fleet.pools.get(pool.id)).toMatchObject({
    status: { ready: 0, failed: 3 },
    degraded_message: expect.stringContaining("made to fail"),
  });
  await world.fleet.pools.reconcile(pool.id);
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(1), soon);
  expect(world.driver.started).toHaveLength(starts + 1);
});

test("a pool says when its tag is gone, keeps its members, and follows the tag when it is back", async () => {
  await using world = new MemoryFleet();
  world.seed("web", "stable");
  const pool = await world.createPool({ name: "web", template_ref: "web:stable", version_policy: "track_tag" });
  await vi.waitFor(() => expect(world.fleet.pools.get(pool.id).status.ready).toBe(1), soon);
  world.db.run("DELETE FROM tags");
  expect(await world.fleet.pools.reconcile(pool.id)).toMatchObject({
    degraded_reason: "template_build_unavailable",
    status: { ready: 1 },
  });
  const { templateId } = world.seed("web", "stable");
  await vi.waitFor(
    () =>
      expect(world.fleet.pools.get(pool.id)).toMatchObject({ runtime_artifact_id: templateId, status: { ready: 1 } }),
    soon,
  );
});

test("what is going on at a pool never gives a guest two owners, nor the driver more than the bound", async () => {
  const step = fc.constantFrom(
    "create",
    "create",
    "create",
    "wait",
    "destroy",
    "kill",
    "move",
    "fail",
    "away",
    "drain",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.infiniteStream(fc.nat({ max: 6 })),
      async (script, delays) => {
        await using world = new MemoryFleet();
        world.driver.delayMs = () => (delays.next().value as number) ?? 1;
        world.seed("web", "stable");
        const bound = 4;
        const settings = {
          template_ref: "web:stable",
          version_policy: "track_tag",
          min_ready: 3,
          max_ready: bound,
        } as const;
        const pool = await world.createPool({ name: "web", ...settings });
        world.driver.onStart = ({ poolId }) => {
          if (poolId === undefined) return;
          // Before this one is added: everything of the pool that is there and has no owner.
          const held = [...world.driver.guests].filter(([guestId, { spec }]) => {
            return spec.poolId === poolId && world.guests.get(guestId)?.state !== "claimed";
          });
          expect(held.length).toBeLessThan(bound);
        };
        const owners = new Map<string, string>();
        const machines: Promise<unknown>[] = [];
        for (const what of script) {
          if (what === "create" || what === "wait") {
            const warmPool = { id: pool.id, mode: "require" as const, wait_ms: what === "wait" ? 50 : 0 };
            const machine = world.createMachine({ template: "web:stable", warm_pool: warmPool }).then(
              ({ machineId }) => {
                const guestId = world.guests.ofMachine(machineId)?.guestId;
                if (guestId === undefined) return;
                expect(owners.has(guestId)).toBe(false);
                owners.set(guestId, machineId);
              },
              (error: { code?: string; stack?: string }) =>
                expect(`${error.code}`, error.stack).toMatch(/^(warm_pool_unavailable|engine_unavailable)$/),
            );
            machines.push(machine);
          } else if (what === "destroy") {
            const [machineId] = owners.values();
            if (machineId !== undefined) machines.push(world.fleet.machines.destroy(machineId));
          } else if (what === "kill") {
            const [victim] = world.driver.guests.keys();
            if (victim !== undefined) world.driver.kill(victim);
          } else if (what === "move") world.seed("web", "stable");
          else if (what === "fail") world.driver.failingStarts = 1;
          else if (what === "away") world.driver.isAway = !world.driver.isAway;
          else
            await world.fleet.pools[world.fleet.pools.get(pool.id).state === "draining" ? "enable" : "drain"](pool.id);
          await new Promise((resolve) => setTimeout(resolve, 3));
        }
        world.driver.isAway = false;
        await Promise.all(machines);
        await world.fleet.pools.enable(pool.id);
        await vi.waitFor(
          async () => {
            const { status, rollout_status } = await world.fleet.pools.reconcile(pool.id);
            expect(status).toMatchObject({ ready: expect.toSatisfy((ready: number) => ready >= 3 && ready <= bound) });
            expect(rollout_status?.old_ready_or_warming).toBe(0);
            expect(status.draining).toBe(0);
          },
          { timeout: 20_000, interval: 20 },
        );
        // No machine is left half made by whatever went wrong.
        expect(world.fleet.machines.list({ statuses: ["creating"], limit: 1 })).toEqual([]);
        // What the driver holds and what the store says is the same.
        await vi.waitFor(() => {
          expect([...world.driver.guests.keys()].sort()).toEqual(
            world.guests
              .all()
              .map(({ guestId }) => guestId)
              .sort(),
          );
        }, soon);
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

test("a machine that its engine ends, because it stops, is no failure of the template", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  world.driver.delayMs = () => 20;
  // Its container ends a moment before the engine ceases to answer.
  world.driver.onStart = ({ guestId }) => {
    setTimeout(() => world.driver.kill(guestId), 5);
    setTimeout(() => (world.driver.isAway = true), 300);
  };
  await expect(world.createMachine({ template: "web" })).rejects.toMatchObject({
    code: "engine_unavailable",
    retryable: true,
  });
  world.driver.onStart = () => undefined;
  world.driver.isAway = false;
  expect((await world.createMachine({ template: "web" })).status).toBe("running");
});
