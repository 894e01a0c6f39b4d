import { expect, test } from "vitest";
import { asCaller } from "../../../service/caller.ts";
import { trimAuditEvents } from "../../../service/store/storage.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const KEY = { keyId: "key_ci", name: "ci" };
const soon = { timeout: 10_000, interval: 5 };

/** What the record of changes says: who did what to which thing. */
function recorded(world: MemoryFleet, subject?: string) {
  const rows = world.db.all<{ key: string | null; actor: string; action: string; subject: string; detail: string }>(
    "SELECT key_id AS key, actor, action, subject, detail FROM audit_events ORDER BY event_id",
  );
  return rows
    .filter((row) => subject === undefined || row.subject === subject)
    .map(({ key, actor, action, detail }) => ({ key, actor, action, detail: JSON.parse(detail) as unknown }));
}

test("what is done to a pool is recorded in the name of the key, once for each change", async () => {
  await using world = new MemoryFleet();
  const { pools } = world.fleet;
  const { templateId } = world.seed("web");
  const id = await asCaller(KEY, async () => {
    const { id } = await world.createPool({ name: "web", min_ready: 0 });
    await pools.update(id, { labels: { a: "b" }, max_ready: 3 });
    for (let i = 0; i < 2; i++) await pools.disable(id);
    await pools.enable(id);
    await pools.drain(id);
    for (let i = 0; i < 2; i++) await pools.delete(id);
    return id;
  });
  expect(templateId).toBeDefined();
  const by = { key: "key_ci", actor: "ci" };
  expect(recorded(world, id)).toEqual([
    { ...by, action: "pool_created", detail: { name: "web", templateRef: "web" } },
    { ...by, action: "pool_updated", detail: { name: "web", changed: ["maxReady", "labels"] } },
    ...["disabled", "enabled", "drained", "deleted"].map((done) => ({
      ...by,
      action: `pool_${done}`,
      detail: { name: "web" },
    })),
  ]);
});

test("machines are recorded when they are made, claimed and ended, and time ends them in nobody's name", async () => {
  await using world = new MemoryFleet();
  const { templateId } = world.seed("web");
  const { id: poolId } = await world.createPool({ name: "web" });
  await expect.poll(() => world.guests.ofPool(poolId).some(({ state }) => state === "ready"), soon).toBe(true);
  const [claimed, cold, brief] = await asCaller(KEY, () =>
    Promise.all([
      world.createMachine({ template: "web", warm_pool: { id: poolId, mode: "require" } }),
      world.createMachine({ template: "web" }),
      world.createMachine({ template: "web", timeout_ms: 100 }),
    ]),
  );
  await asCaller(KEY, async () => {
    await world.fleet.machines.destroy(cold.machineId);
    await world.fleet.machines.destroy(cold.machineId);
  });
  const guestId = world.guests.ofMachine(claimed.machineId)!.guestId;
  world.driver.kill(guestId);
  const statusOf = (id: string) => world.fleet.machines.get(id).status;
  await expect
    .poll(() => [statusOf(claimed.machineId), statusOf(brief.machineId)], soon)
    .toEqual(["error", "destroyed"]);
  const by = { key: "key_ci", actor: "ci" };
  const service = { key: null, actor: "service" };
  const made = { ...by, action: "machine_created", detail: { template: "web", templateId } };
  expect(recorded(world, claimed.machineId)).toEqual([
    { ...by, action: "machine_claimed", detail: { template: "web", templateId, poolId, guestId } },
    { ...service, action: "machine_ended", detail: { status: "error" } },
  ]);
  const ended = (who: typeof by | typeof service) => ({
    ...who,
    action: "machine_ended",
    detail: { status: "destroyed" },
  });
  expect(recorded(world, cold.machineId)).toEqual([made, ended(by)]);
  expect(recorded(world, brief.machineId)).toEqual([made, ended(service)]);
  trimAuditEvents(world.db, 2);
  expect(recorded(world)).toHaveLength(2);
});

test("a pause and its end are recorded, and so is one that did not come to be", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  const { machines } = world.fleet;
  const { machineId } = await world.createMachine({ template: "web" });
  await asCaller(KEY, async () => {
    await machines.pause(machineId);
    await machines.resume(machineId);
    // It is as wanted already.
    await machines.resume(machineId);
    world.driver.pause = () => Promise.reject(new Error("not today"));
    await expect(machines.pause(machineId)).rejects.toThrow("not today");
  });
  expect(recorded(world, machineId).slice(1)).toEqual([
    { key: "key_ci", actor: "ci", action: "machine_paused", detail: {} },
    { key: "key_ci", actor: "ci", action: "machine_resumed", detail: {} },
    { key: "key_ci", actor: "ci", action: "machine_paused", detail: {} },
    { key: "key_ci", actor: "ci", action: "machine_resumed", detail: { reason: "it could not be paused" } },
  ]);
});
