import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { Row } from "../sequences/support/rows.ts";
import type { World } from "../sequences/support/world.ts";

/** Takes a machine out of a pool. */
async function takeFrom(world: World, pool: string): Promise<string> {
  const { id } = (await world.pools())[pool]!;
  const machine = await world.client.machines.create({
    template: `${world.ref("web")}:stable`,
    vcpus: 1,
    memory_mb: 64,
    warm_pool: { id, mode: "require", wait_ms: 5_000 },
  });
  return machine.id;
}

async function until(world: World, poolId: string, isRight: (state: string) => boolean): Promise<void> {
  while (!isRight((await world.client.warmPools.get(poolId)).state)) await pause(100);
}

const isDeleted = (state: string) => state === "deleted";

/** What becomes of machines in use when their pool is deleted. */
export const DRAINING: Row[] = [
  {
    title: "drain: a deletion waits for the machines in use; with forceDelete no longer than it may take",
    async play({ stack: make, world }) {
      const stack = await make();
      // Of the minute, half is left for the deletion itself.
      await stack.project.ok("config", "set", "nullspace:operationTimeoutMinutes", "1");
      stack.program(`const stable = tag("stable", template("web"));
        pool("patient", stable, { drain: true }); pool("forced", stable, { drain: true, forceDelete: true });
        pool("plain", stable);`);
      await stack.up();
      const pools = await world.pools();
      const names = ["patient", "forced", "plain"];
      const [patient, forced, plain] = [
        await takeFrom(world, "patient"),
        await takeFrom(world, "forced"),
        await takeFrom(world, "plain"),
      ];
      const startedMs = Date.now();
      const destroy = stack.start("destroy");
      for (const name of ["patient", "forced"]) await until(world, pools[name]!.id, (state) => state !== "enabled");
      await expect(takeFrom(world, "patient")).rejects.toThrow();
      // What does not drain is deleted at once, and its machine lives on.
      await until(world, pools.plain!.id, isDeleted);
      expect((await world.client.machines.get(plain)).id).toBe(plain);
      await world.client.machines.delete(patient);
      await until(world, pools.patient!.id, isDeleted);
      expect((await world.client.warmPools.get(pools.forced!.id)).state).not.toBe("deleted");

      const { exitCode, text } = await destroy.ended;
      expect(exitCode, text).toBe(0);
      expect(text).toMatch(/is deleted although machines of it are in use: 1 live on/);
      expect(Date.now() - startedMs).toBeGreaterThan(25_000);
      expect((await world.client.machines.get(forced)).id).toBe(forced);
      for (const id of [forced, plain]) await world.client.machines.delete(id);
      expect(await world.leftovers(["web"])).toEqual([]);
      for (const name of names) expect(await world.containersOfPool(pools[name]!.id)).toEqual([]);
    },
  },
  {
    title:
      "drain without forceDelete: a deletion that runs out of time says who is in the way, and the next one goes on",
    // A dynamic resource is told no customTimeouts.
    shells: ["plugin"],
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const stable = tag("stable", template("web"));
        pool("patient", stable, { drain: true }, { customTimeouts: { delete: "4s" } });`);
      await stack.up();
      const { id } = (await world.pools()).patient!;
      const machine = await takeFrom(world, "patient");
      const { exitCode, text } = await stack.start("destroy").ended;
      expect(exitCode, text).not.toBe(0);
      expect(text).toMatch(/was drained and not deleted: machines still in use: 1;.*4 s/);
      expect(text).toMatch(/forceDelete/);
      expect((await world.client.warmPools.get(id)).state).toMatch(/^(draining|disabled)$/);
      expect((await world.client.machines.get(machine)).id).toBe(machine);
      await world.client.machines.delete(machine);
      await stack.destroy();
      expect((await world.client.warmPools.get(id)).state).toBe("deleted");
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];
