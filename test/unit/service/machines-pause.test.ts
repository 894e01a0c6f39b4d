import { expect, test, vi } from "vitest";
import { runCommand } from "../../../service/fleet/machines/run-command.ts";
import { Semaphore } from "../../../sdk/concurrency/index.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const soon = { timeout: 10_000, interval: 5 };

async function pausedMachine(world: MemoryFleet) {
  world.seed("web");
  const { machineId } = await world.createMachine({ template: "web", auto_resume: true });
  await world.fleet.machines.pause(machineId);
  return { machineId, guestId: world.guests.ofMachine(machineId)!.guestId };
}

test("several commands at once on a paused machine that resumes by itself all run", async () => {
  await using world = new MemoryFleet();
  const { machineId } = await pausedMachine(world);
  const deps = { service: world.fleet.machines, driver: world.driver };
  const run = () => runCommand(deps, machineId, { command: "true" });
  expect(await Promise.all([run(), run(), run(), run()])).toHaveLength(4);
  expect(world.fleet.machines.get(machineId).status).toBe("running");
});

test("pausing and resuming at once end as the last one asked", async () => {
  await using world = new MemoryFleet();
  const { machineId, guestId } = await pausedMachine(world);
  const { machines } = world.fleet;
  await Promise.all([machines.resume(machineId), machines.pause(machineId), machines.resume(machineId)]);
  expect([machines.get(machineId).status, world.driver.guests.get(guestId)?.paused]).toEqual(["running", false]);
  await Promise.all([machines.pause(machineId), machines.resume(machineId), machines.pause(machineId)]);
  expect([machines.get(machineId).status, world.driver.guests.get(guestId)?.paused]).toEqual(["paused", true]);
});

test("a pause that the engine refuses leaves the machine running, and says so", async () => {
  await using world = new MemoryFleet();
  const { machineId } = await pausedMachine(world);
  await world.fleet.machines.resume(machineId);
  world.driver.isAway = true;
  await expect(world.fleet.machines.pause(machineId)).rejects.toMatchObject({ code: "engine_unavailable" });
  expect(world.fleet.machines.get(machineId).status).toBe("running");
});

test("what the store says and what the engine says of a pause are brought together", async () => {
  await using world = new MemoryFleet();
  const { machineId, guestId } = await pausedMachine(world);
  // A crash between the record and the engine's call; then somebody at the engine.
  await world.driver.resume(guestId);
  await vi.waitFor(() => expect(world.driver.guests.get(guestId)?.paused).toBe(true), soon);
  await world.fleet.machines.resume(machineId);
  await world.driver.pause(guestId);
  await vi.waitFor(() => expect(world.driver.guests.get(guestId)?.paused).toBe(false), soon);
});

test("who gives up waiting for a slot does so at once, and takes no slot from the next", async () => {
  const slots = new Semaphore(1);
  const never = new AbortController();
  const gate = Promise.withResolvers<void>();
  const first = slots.run(never.signal, () => gate.promise);
  const waiting = new AbortController();
  const second = slots.run(waiting.signal, () => Promise.resolve("second"));
  const third = slots.run(never.signal, () => Promise.resolve("third"));
  waiting.abort(new Error("no more"));
  await expect(second).rejects.toThrow("no more");
  gate.resolve();
  expect(await third).toBe("third");
  await first;
});
