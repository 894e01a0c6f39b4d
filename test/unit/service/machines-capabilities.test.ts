import { expect, test } from "vitest";
import type { CreateMachineRequest } from "../../../sdk/wire/index.ts";
import { SizeLimits } from "../../../service/fleet/machines/size-limits.ts";
import { MemoryDriver } from "./memory-driver.ts";
import { MemoryFleet } from "./memory-fleet.ts";

test("a machine that is to hibernate is refused where none can be paused, by name", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  world.driver.capabilities = { ...world.driver.capabilities, pauses: false };
  const refusal = { status: 501, code: "not_implemented", details: { feature: "hibernation of machines here" } };
  const create = (request: object) =>
    Promise.resolve().then(() => world.createMachine({ template: "web", ...request }));
  await expect(create({ timeout_action: "hibernate" })).rejects.toMatchObject(refusal);
  await expect(create({ lifecycle: { on_timeout: "pause" } })).rejects.toMatchObject(refusal);
  const { machineId } = await create({ timeout_action: "destroy" });
  expect(() => world.fleet.machines.setTimeout(machineId, 1_000, "hibernate")).toThrow("timeout_action");
  expect(world.fleet.machines.setTimeout(machineId, 1_000, "destroy")).toMatchObject({ timeoutMs: 1_000 });
});

test("a machine without internet access is refused where each has a network, whoever asks for it", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  world.seed("closed", "default", { build_config: { internet_access: false } });
  const whyNotIsolated = "nobody has tried";
  world.driver.capabilities = { ...world.driver.capabilities, isolates: false, whyNotIsolated };
  const create = (request: CreateMachineRequest) => Promise.resolve().then(() => world.createMachine(request));
  await expect(create({ template: "web", internet_access: false })).rejects.toMatchObject({
    status: 501,
    suggestedAction: expect.stringContaining(whyNotIsolated),
  });
  await expect(create({ template: "closed" })).rejects.toMatchObject({ status: 400 });
  expect(world.driver.guests.size).toBe(0);
});

test("more processors than the host has are given only where machines share them", async () => {
  const driver = new MemoryDriver();
  const size = async () => ({ vcpus: 4, memoryMb: 1_000, unbounded: [] });
  const log = { warn: () => undefined };
  const shared = { hostSize: size, capabilities: driver.capabilities };
  await expect(new SizeLimits(shared, log).check({ vcpus: 64 })).resolves.toBeUndefined();
  const own = { hostSize: size, capabilities: { ...driver.capabilities, sharesCpus: false } };
  await expect(new SizeLimits(own, log).check({ vcpus: 4 })).resolves.toBeUndefined();
  await expect(new SizeLimits(own, log).check({ vcpus: 5 })).rejects.toThrow("vcpus: 5 CPUs are more");
});

test("what the host cannot bound is said once", async () => {
  const { capabilities } = new MemoryDriver();
  const hostSize = async () => ({ vcpus: 4, memoryMb: 1_000, unbounded: ["memory", "processes"] as const });
  const said: unknown[] = [];
  const sizes = new SizeLimits({ hostSize, capabilities }, { warn: (text: unknown) => void said.push(text) });
  await Promise.all([sizes.check({ vcpus: 1 }), sizes.check({ vcpus: 2 })]);
  await sizes.check({ memoryMb: 10 });
  expect(said).toEqual(["machines here are not limited in their memory, processes: the host cannot do it"]);
});
