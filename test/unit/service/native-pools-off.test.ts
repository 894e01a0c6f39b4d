import { expect, test } from "vitest";
import { fleetArtifactUses } from "../../../service/store/fleet-artifact-uses.ts";
import { NativeGenerationStore } from "../../../service/store/native-generations.ts";
import { MemoryFleet } from "./memory-fleet.ts";

const LABELS = { "dev.nullspace.local.native-replicas": "2" };

test("a service that keeps no pools for other programs refuses a pool that asks for it, and takes any other label", async () => {
  await using world = new MemoryFleet();
  world.seed("web");
  const refusal = { code: "invalid_request", message: expect.stringContaining("this service keeps none") };
  await expect(world.createPool({ name: "web", labels: LABELS })).rejects.toMatchObject(refusal);
  const pool = await world.createPool({ name: "web", labels: { "dev.nullspace/other": "2" } });
  await expect(world.fleet.pools.update(pool.id, { labels: LABELS })).rejects.toMatchObject(refusal);
  expect(world.fleet.pools.get(pool.id).labels).toEqual({ "dev.nullspace/other": "2" });
});

test("an image that a generation for other programs is made of counts as used, and may be deleted all the same", async () => {
  await using world = new MemoryFleet();
  const { templateId } = world.seed("web");
  expect(fleetArtifactUses(world.db, [templateId])).toEqual([]);
  const generations = new NativeGenerationStore(world.db);
  generations.insert({
    poolId: "twp_1",
    generation: 3,
    objectName: "web-1-g3",
    place: "machines",
    templateId,
    resolvedTemplate: "local/web:tb_1",
    vcpus: 1,
    memoryMb: 64,
    diskMb: null,
    internetAccess: 1,
    placement: null,
    replicas: 0,
    provenAtMs: null,
    currentAtMs: null,
    held: null,
    createdAtMs: 0,
    compatibilityKey: null,
  });
  expect(fleetArtifactUses(world.db, [templateId])).toEqual([
    expect.objectContaining({ id: "twp_1", blocksDelete: false, label: expect.stringContaining("web-1-g3") }),
  ]);
  generations.delete({ poolId: "twp_1", generation: 3, place: "machines" });
  expect(fleetArtifactUses(world.db, [templateId])).toEqual([]);
});
