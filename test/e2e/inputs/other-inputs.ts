import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { OptionRow } from "../options/option-rows.ts";
import { REPLACED } from "../support/engine-events.ts";
import type { Shell } from "../sequences/support/shells.ts";
import type { World } from "../sequences/support/world.ts";

/** A pool of the one template that all have. */
const crewOf = (name: string, inputs: string) => `
  globalThis.crewTag ??= tag("crew-tag", template("crew-template", { context: "./crew" }));
  pool("${name}", globalThis.crewTag, ${inputs});`;

/** Machines of pools before a change. */
const machines: Partial<Record<Shell, string[]>> = {};

async function untilReady(world: World, name: string, ready: number): Promise<void> {
  while ((await world.pools())[name]?.ready !== ready) await pause(100);
}

/** What the inputs of a WarmPool and of a TemplateAlias do that changes in place. */
export const OTHER_INPUTS: OptionRow[] = [
  {
    key: "crew",
    title: "labels, metadata, sizes and policies of a pool change in place, and its machines stay",
    before: crewOf("crew", `{ labels: { team: "a", old: "x" }, metadata: { note: { deep: [1] } }, maxReady: 2 }`),
    after: crewOf("crew", `{ labels: { team: "b" }, idleTimeoutSeconds: 50, checkoutPolicy: "require", maxReady: 3 }`),
    steps: { crew: "update" },
    async created({ world, pools, shell }) {
      const { id } = pools.crew!;
      const pool = await world.client.warmPools.get(id);
      expect(pool).toMatchObject({ labels: { team: "a", old: "x" }, metadata: { note: { deep: [1] } } });
      machines[shell] = await world.containersOfPool(id);
      expect(machines[shell]).toHaveLength(1);
    },
    async updated({ world, pools, shell }, created) {
      const { id } = created.pools.crew!;
      expect(pools.crew).toEqual(created.pools.crew);
      const pool = await world.client.warmPools.get(id);
      expect(pool).toMatchObject({ max_ready: 3, idle_timeout_seconds: 50, checkout_policy: "require" });
      expect(pool.labels).toEqual({ team: "b" });
      expect(pool.metadata).not.toHaveProperty("note");
      expect(await world.containersOfPool(id)).toEqual(machines[shell]);
    },
  },
  {
    key: "switched",
    title: "enabled: a pool that is switched off keeps its machines and gives out none; one that is switched on fills",
    before: crewOf("switched", "{}") + crewOf("switched-on", "{ enabled: false }"),
    after: crewOf("switched", "{ enabled: false }") + crewOf("switched-on", "{ enabled: true }"),
    steps: { switched: "update", "switched-on": "update" },
    async created({ world, pools, state }) {
      expect([pools.switched?.ready, pools["switched-on"]?.ready]).toEqual([1, 0]);
      expect(state("switched-on").outputs.state).toBe("disabled");
      expect(await world.containersOfPool(pools["switched-on"]!.id)).toEqual([]);
    },
    async updated({ world, pools, state }) {
      expect([pools.switched?.ready, pools["switched-on"]?.ready]).toEqual([1, 1]);
      expect(state("switched").outputs.state).toBe("disabled");
      const required = { id: pools.switched!.id, mode: "require" as const, wait_ms: 0 };
      const asked = world.client.machines.create({
        template: `${world.ref("crew-template")}:stable`,
        vcpus: 1,
        memory_mb: 64,
        warm_pool: required,
      });
      await expect(asked).rejects.toThrow(/disabled|not ready|no ready/i);
    },
  },
  {
    key: "filling",
    title: "waitForReady: an update does not wait, and the machines that come after it are no difference",
    before: crewOf("filling", "{ waitForReady: false, minReady: 2 }"),
    after: crewOf("filling", "{ waitForReady: false, minReady: 2 }"),
    steps: {},
    async created({ world, state }) {
      expect(state("filling").outputs.ready).toBeLessThan(2);
      await untilReady(world, "filling", 2);
    },
    updated({ pools, state }, created) {
      expect(pools.filling?.ready).toBe(2);
      expect(state("filling").outputs.ready).toBe(created.state("filling").outputs.ready);
    },
  },
  {
    key: "moved",
    title:
      "a TemplateAlias moves to another template in place, and is replaced under another name; expectedBuildId alone moves no tag",
    before: `const one = template("moved-one", { context: here }); template("moved-two", { context: here });
      alias("moved", one); alias("moved-renamed", one, { alias: own("moved-old") });
      tag("moved-tag", one, { expectedBuildId: "tb_reviewed" });`,
    after: `const one = template("moved-one", { context: here }); const two = template("moved-two", { context: here });
      alias("moved", two); alias("moved-renamed", one, { alias: own("moved-new") });
      tag("moved-tag", one, { expectedBuildId: "tb_reviewed-since" });`,
    steps: { moved: "update", "moved-renamed": REPLACED },
    created({ templates }) {
      expect(templates["moved-one"]!.aliases).toEqual(["moved", "moved-old"]);
    },
    async updated({ world, templates, state }, created) {
      expect(templates["moved-one"]).toMatchObject({
        aliases: ["moved-new"],
        tags: created.templates["moved-one"]!.tags,
      });
      expect(templates["moved-two"]).toMatchObject({ aliases: ["moved"], tags: created.templates["moved-two"]!.tags });
      expect([await world.resolve("moved"), await world.resolve("moved-old")]).toEqual(["moved-two", undefined]);
      expect(state("moved").outputs.canonicalRef).toBe(world.ref("moved-two"));
    },
  },
];
