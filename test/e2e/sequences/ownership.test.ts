import { expect } from "vitest";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";

const ALL = `const web = template("web"); const stable = tag("stable", web); alias("site", web);`;

/** Does a refusal say every way out that the shell has? */
function expectWays(text: string, shell: string): void {
  expect(text).toContain("aliases");
  expect(text).toContain("adopt: true");
  if (shell === "plugin") expect(text).toMatch(/import/);
  else expect(text).not.toMatch(/pulumi import/);
}

const RENAMED_IN_THE_PROGRAM: Row[] = [
  {
    title: "a TemplateTag whose resource is renamed in the program keeps its tag, and a destroy leaves nothing",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.program(`const web = template("web"); tag("steady", web);`);
      await stack.up();
      expect(await world.template("web")).toMatchObject({ tags: before.tags, builds: before.builds });
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a TemplateAlias whose resource is renamed in the program keeps its alias, and a destroy leaves nothing",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); alias("site", web);`);
      await stack.up();
      stack.program(`const web = template("web"); alias("place", web, { alias: own("site") });`);
      await stack.up();
      expect(await world.resolve("site")).toBe("web");
      expect((await world.template("web")).aliases).toEqual(["site"]);
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a tag and an alias whose resources get a parent are kept",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = await world.template("web");
      stack.program(`const parent = new pulumi.ComponentResource("a:b:C", "c");
        const web = template("web"); tag("stable", web, {}, { parent }); alias("site", web, {}, { parent });`);
      await stack.up();
      expect(await world.template("web")).toMatchObject({ tags: before.tags, aliases: ["site"] });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a tag whose resource is renamed in the run that also builds again is never lost",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.program(`const web = template("web"); tag("steady", web);`);
      stack.project.write("app/hello.txt", "second\n");
      const up = await stack.tryUp();
      const after = await world.template("web");
      const [newest] = after.builds;
      // Either the new resource took over, or it was refused: then the old one stands as it stood.
      expect(after.tags.stable).toBe(up.exitCode === 0 ? newest : before.tags.stable);
      stack.program(`const web = template("web"); tag("stable", web);`);
      if (up.exitCode !== 0) await stack.up();
      expect((await world.template("web")).tags.stable).toBe(newest);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a Template whose resource is renamed in the program is refused with the ways, and an alias renames it",
    async play({ stack: make, world, shell }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = await world.templates();
      const renamed = (options: string) =>
        `const web = template("front", { name: own("web") }, ${options}); tag("stable", web); alias("site", web);`;
      stack.program(renamed("{}"));
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expectWays(refused.text, shell);
      expect(await world.templates()).toEqual(before);
      stack.program(renamed(`{ aliases: [{ name: "web" }] }`));
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a WarmPool whose resource is renamed in the program keeps its machines or is refused with the ways",
    async play({ stack: make, world, shell }) {
      const stack = await make();
      stack.program(`const web = template("web"); pool("crew", tag("stable", web));`);
      await stack.up();
      const before = await world.pools();
      const renamed = (options: string) =>
        `const web = template("web"); pool("gang", tag("stable", web), { name: own("crew") }, ${options});`;
      stack.program(renamed("{}"));
      const up = await stack.tryUp();
      if (up.exitCode !== 0) {
        expectWays(up.text, shell);
        stack.program(renamed(`{ aliases: [{ name: "crew" }] }`));
        await stack.up();
      }
      expect(await world.pools()).toEqual(before);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
      expect(await world.containersOfPool(before.crew!.id)).toEqual([]);
    },
  },
];

const RENAMED_STACK: Row[] = [
  {
    title: "a stack that is renamed still owns what it has made, with an update in between and without",
    async play({ stack: make, world }) {
      for (const updates of [false, true]) {
        const stack = await make();
        stack.program(ALL);
        await stack.up();
        await stack.project.ok("stack", "rename", "other");
        expect(summary(await stack.up())).toEqual({ unchanged: 3 });
        if (updates) {
          stack.project.write("app/hello.txt", "second\n");
          await stack.up();
          const { builds, tags } = await world.template("web");
          expect(tags).toEqual({ default: builds[0], stable: builds[0] });
          expect(summary(await stack.up())).toEqual({ unchanged: 3 });
        }
        await stack.destroy();
        expect(await world.leftovers(["web", "site"])).toEqual([]);
      }
    },
  },
];

const REPLACED: Row[] = [
  {
    title: "a tag and an alias that are replaced are still there, right, and go with a destroy",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = await world.template("web");
      await stack.up("--target-replace", "**TemplateTag::stable", "--target-replace", "**TemplateAlias::site");
      expect(await world.template("web")).toMatchObject({ tags: before.tags, aliases: ["site"] });
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a Template that is replaced is there once, with its tag and alias, after at most one more up",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      await stack.up("--target-replace", "**Template::web", "--target-dependents");
      await stack.up();
      const after = await world.templates();
      expect(Object.keys(after)).toEqual(["web"]);
      const { buildId } = stack.resource("web").outputs;
      expect(after.web).toMatchObject({ tags: { default: buildId, stable: buildId }, aliases: ["site"] });
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a WarmPool that is replaced is there once, ready, and goes with a destroy",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); pool("crew", tag("stable", web));`);
      await stack.up();
      const before = (await world.pools()).crew!;
      await stack.up("--target-replace", "**WarmPool::crew");
      const after = await world.pools();
      expect(Object.keys(after)).toEqual(["crew"]);
      expect(after.crew).toMatchObject({ build: before.build, ready: 1 });
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
      for (const { id } of [before, after.crew!]) expect(await world.containersOfPool(id)).toEqual([]);
    },
  },
  {
    title: "a tag of another name takes the old tag's place, and leaves no old one behind",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      await stack.up();
      stack.program(`const web = template("web"); tag("stable", web, { tag: "live" });
        alias("site", web, { alias: own("place") });`);
      await stack.up();
      const { tags, aliases, builds } = await world.template("web");
      expect({ tags, aliases }).toEqual({ tags: { default: builds[0], live: builds[0] }, aliases: ["place"] });
      await stack.destroy();
      expect(await world.leftovers(["web", "site", "place"])).toEqual([]);
    },
  },
];

const MOVED_BY_HAND: Row[] = [
  {
    title: "a tag that somebody moved by hand is said before it is moved back, and left with a warning by a destroy",
    async play({ stack: make, world }) {
      const [first, second, third] = [
        await world.build("web", "1"),
        await world.build("web", "2"),
        await world.build("web", "3"),
      ];
      const stack = await make();
      const program = (buildId: string) =>
        stack.program(`new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
          buildId: ${JSON.stringify(buildId)} });`);
      program(first);
      await stack.up();
      await world.client.builds.promote(second, { tag: "stable" });
      program(third);
      const up = await stack.up();
      expect(up.text).toContain(second);
      expect((await world.template("web")).tags.stable).toBe(third);
      await world.client.builds.promote(second, { tag: "stable" });
      const destroy = await stack.destroy();
      expect(destroy.text).toMatch(/warning/);
      expect(destroy.text).toContain(second);
      expect((await world.template("web")).tags.stable).toBe(second);
    },
  },
  {
    title: "a hotfix that somebody moved a Template's own tag to is not overwritten without a word",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web");`);
      await stack.up();
      const hotfix = await world.build("web", "hotfix", ["default"]);
      stack.project.write("app/hello.txt", "second\n");
      const up = await stack.tryUp();
      expect(up.text).toContain(hotfix);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "what somebody took away by hand neither stops a destroy nor comes back by it",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      await world.client.templates.removeTag(world.ref("web"), "stable");
      await world.client.templates.removeAlias(world.ref("web"), world.ref("site"));
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "what somebody took away by hand is made again after a refresh",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = await world.template("web");
      await world.client.templates.removeTag(world.ref("web"), "stable");
      await world.client.templates.removeAlias(world.ref("web"), world.ref("site"));
      await stack.refresh();
      expect(summary(await stack.up())).toEqual({ created: 2, unchanged: 1 });
      expect(await world.template("web")).toMatchObject({ tags: before.tags, aliases: ["site"] });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const LOST_STATE: Row[] = [
  {
    title: "a stack that lost its state takes its own things over, builds nothing twice, and goes with a destroy",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = await world.templates();
      stack.loseState();
      await stack.project.ok("stack", "init", stack.name);
      await stack.up();
      expect(await world.templates()).toEqual(before);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a stack that lost its state, and whose files have changed since, still knows its own template",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      stack.loseState();
      await stack.project.ok("stack", "init", stack.name);
      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      const after = await world.templates();
      expect(Object.keys(after)).toEqual(["web"]);
      const { buildId } = stack.resource("web").outputs;
      expect(after.web).toMatchObject({ tags: { default: buildId, stable: buildId }, aliases: ["site"] });
      expect(after.web?.builds).toHaveLength(2);
      expect(await world.fileIn(world.ref("web"), "/hello.txt")).toBe("second\n");
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

playRows("what is the stack's and what is not", [
  ...RENAMED_IN_THE_PROGRAM,
  ...RENAMED_STACK,
  ...REPLACED,
  ...MOVED_BY_HAND,
  ...LOST_STATE,
]);
