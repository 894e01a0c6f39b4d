import { expect } from "vitest";
import type { CliResult } from "../support/pulumi-project.ts";
import { playRows, type Row, type Stage } from "./support/rows.ts";
import type { Stack } from "./support/stack.ts";

/** Two stacks with the same program, brought up at the same moment. */
async function bothUp(
  { stack: make }: Stage,
  program: string | readonly [string, string],
): Promise<{ winners: Stack[]; losers: Stack[]; said: string; results: CliResult[] }> {
  const stacks = [await make({ name: "left" }), await make({ name: "right" })];
  for (const [index, stack] of stacks.entries()) stack.program(typeof program === "string" ? program : program[index]!);
  const results = await Promise.all(stacks.map((stack) => stack.tryUp()));
  return {
    winners: stacks.filter((_, index) => results[index]!.exitCode === 0),
    losers: stacks.filter((_, index) => results[index]!.exitCode !== 0),
    said: results.map(({ text }) => text).join("\n"),
    results,
  };
}

const SAME_MOMENT: Row[] = [
  {
    title: "of two stacks that create one Template at the same moment exactly one may, and the other leaves it whole",
    gate: true,
    async play(stage) {
      const { world } = stage;
      const { winners, losers, said } = await bothUp(stage, `template("web");`);
      expect(winners, said).toHaveLength(1);
      const before = await world.template("web");
      const { buildId } = winners[0]!.resource("web").outputs;
      expect(before.tags).toEqual({ default: buildId });
      await losers[0]!.destroy();
      expect(await world.template("web")).toMatchObject({ builds: before.builds, tags: before.tags });
      await winners[0]!.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title:
      "of two stacks that create one Template, the one that was refused is refused again, and gets it after the other",
    async play(stage) {
      const { world } = stage;
      const { winners, losers, said } = await bothUp(stage, `template("web");`);
      expect(winners, said).toHaveLength(1);
      expect((await losers[0]!.tryUp()).exitCode).not.toBe(0);
      await winners[0]!.destroy();
      await losers[0]!.up();
      expect((await world.template("web")).tags).toEqual({
        default: losers[0]!.resource("web").outputs.buildId,
      });
      await losers[0]!.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "of two stacks that make one tag of different builds exactly one may, and the other's destroy leaves it",
    async play(stage) {
      const { world } = stage;
      const builds = [await world.build("web", "1"), await world.build("web", "2")];
      const of = (buildId: string | undefined) =>
        `new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
          buildId: ${JSON.stringify(buildId)} });`;
      const { winners, losers, said } = await bothUp(stage, [of(builds[0]), of(builds[1])]);
      expect(winners, said).toHaveLength(1);
      const { tags } = await world.template("web");
      expect(tags.stable).toBe(winners[0]!.resource("stable").inputs.buildId);
      await losers[0]!.destroy();
      expect((await world.template("web")).tags).toEqual(tags);
      await winners[0]!.destroy();
      expect((await world.template("web")).tags).not.toHaveProperty("stable");
    },
  },
  {
    title: "of two stacks that make one tag of the same build exactly one may",
    async play(stage) {
      const { world } = stage;
      const build = await world.build("web", "1");
      const program = `new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
        buildId: ${JSON.stringify(build)} });`;
      const { winners, losers, said } = await bothUp(stage, program);
      expect(winners, said).toHaveLength(1);
      await losers[0]!.destroy();
      expect((await world.template("web")).tags.stable).toBe(build);
      await winners[0]!.destroy();
      expect((await world.template("web")).tags).not.toHaveProperty("stable");
    },
  },
  {
    title: "of two stacks that make one alias for two templates exactly one may, and the other's destroy leaves it",
    async play(stage) {
      const { world } = stage;
      await world.build("one", "1");
      await world.build("two", "2");
      const of = (name: string) =>
        `new nullspace.TemplateAlias("site", { template: own("${name}"), alias: own("site") });`;
      const { winners, losers, said } = await bothUp(stage, [of("one"), of("two")]);
      expect(winners, said).toHaveLength(1);
      const target = await world.resolve("site");
      expect(Object.keys(await world.templates()).toSorted()).toEqual(["one", "two"]);
      await losers[0]!.destroy();
      expect(await world.resolve("site")).toBe(target);
      await winners[0]!.destroy();
      expect(await world.resolve("site")).toBeUndefined();
    },
  },
  {
    title: "of two stacks that make one alias for one template exactly one may",
    async play(stage) {
      const { world } = stage;
      await world.build("web", "1");
      const { winners, losers, said } = await bothUp(
        stage,
        `new nullspace.TemplateAlias("site", { template: own("web"), alias: own("site") });`,
      );
      expect(Object.keys(await world.templates())).toEqual(["web"]);
      expect(winners, said).toHaveLength(1);
      await losers[0]!.destroy();
      expect(await world.resolve("site")).toBe("web");
      await winners[0]!.destroy();
      expect(await world.resolve("site")).toBeUndefined();
    },
  },
  {
    title: "of two stacks that make one pool exactly one may, and the other's destroy leaves its machines",
    async play(stage) {
      const { world } = stage;
      await world.build("web", "1");
      const { winners, losers, said } = await bothUp(
        stage,
        `new nullspace.WarmPool("crew", { name: own("crew"), template: own("web"), minReady: 1, maxReady: 1,
          vcpus: 1, memoryMib: 64 });`,
      );
      expect(winners, said).toHaveLength(1);
      const before = await world.pools();
      await losers[0]!.destroy();
      expect(await world.pools()).toEqual(before);
      await winners[0]!.destroy();
      expect(await world.leftovers()).toEqual(["template web"]);
      expect(await world.containersOfPool(before.crew!.id)).toEqual([]);
    },
  },
  {
    title: "two ups that promote one tag, each expecting what it saw, do not overwrite each other without a word",
    async play(stage) {
      const { world } = stage;
      const [first, second, third] = [
        await world.build("web", "1"),
        await world.build("web", "2"),
        await world.build("web", "3"),
      ];
      const of = (buildId: string, expected: string) =>
        `new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable", adopt: true,
          buildId: ${JSON.stringify(buildId)}, expectedBuildId: ${JSON.stringify(expected)} });`;
      await world.client.builds.promote(first, { tag: "stable" });
      const { winners, said } = await bothUp(stage, [of(second, first), of(third, first)]);
      expect(winners, said).toHaveLength(1);
      expect((await world.template("web")).tags.stable).toBe(winners[0]!.resource("stable").inputs.buildId);
    },
  },
];

const PROMOTION: Row[] = [
  {
    title: "a build is promoted to another stack's tag without being built, and each destroy leaves the other's",
    async play({ stack: make, world }) {
      const dev = await make({ name: "dev" });
      const prod = await make({ name: "prod" });
      dev.program(`const web = template("web"); tag("dev", web, { tag: "dev" });`);
      await dev.up();
      const promote = () => {
        const { buildId } = dev.resource("web").outputs;
        prod.program(`new nullspace.TemplateTag("prod", { template: own("web"), tag: "prod",
          buildId: ${JSON.stringify(buildId)} });`);
        return buildId;
      };
      const first = promote();
      await prod.up();
      dev.project.write("app/hello.txt", "second\n");
      await dev.up();
      expect((await world.template("web")).tags.prod).toBe(first);
      const second = promote();
      await prod.up();
      expect(await world.template("web")).toMatchObject({ tags: { default: second, dev: second, prod: second } });
      await prod.destroy();
      expect((await world.template("web")).tags).toEqual({ default: second, dev: second });
      await dev.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

playRows("two stacks", [...SAME_MOMENT, ...PROMOTION]);
