import { expect } from "vitest";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";

/** A template under a name, with a tag and an alias that follow it. */
const named = (name: string) =>
  `const web = template("web", { name: own("${name}") }); tag("stable", web); alias("site", web);`;

/** Two templates of two folders, each with a tag of its own. */
const pair = (first: string, second: string) => `
  const a = template("a", { name: own("${first}") });
  const b = template("b", { name: own("${second}"), context: "./two" });
  tag("stable-a", a); tag("stable-b", b);`;

const SPELLINGS: Row[] = [
  {
    title: "another spelling of the same template is no difference",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      const spelt = (template: string) =>
        stack.program(`const web = template("web"); const of = { template: ${template} };
          tag("stable", web, of, { dependsOn: web }); alias("site", web, of, { dependsOn: web });`);
      spelt(`own("web")`);
      await stack.up();
      const before = await world.templates();
      for (const template of [`"local/" + own("web")`, `web.canonicalRef`, `own("web")`]) {
        spelt(template);
        expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      }
      expect(await world.templates()).toEqual(before);
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "another spelling of a pool's template is no difference",
    async play({ stack: make, world }) {
      const stack = await make();
      const spelt = (template: string) =>
        stack.program(`const web = template("web"); const stable = tag("stable", web);
          pool("crew", stable, { template: ${template}, minReady: 0 }, { dependsOn: stable });`);
      spelt(`own("web") + ":stable"`);
      await stack.up();
      const before = await world.pools();
      spelt(`"local/" + own("web") + ":stable"`);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      expect(await world.pools()).toEqual(before);
      await stack.destroy();
      expect(await world.leftovers()).toEqual([]);
    },
  },
  {
    title: "a refresh between two spellings changes nothing",
    async play({ stack: make, world }) {
      const stack = await make();
      const spelt = (template: string) =>
        stack.program(`const web = template("web"); const of = { template: ${template} };
          tag("stable", web, of, { dependsOn: web }); alias("site", web, of, { dependsOn: web });`);
      spelt(`"local/" + own("web")`);
      await stack.up();
      await stack.refresh();
      spelt(`own("web")`);
      await stack.refresh();
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      expect(await world.template("web")).toMatchObject({ aliases: ["site"] });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const RENAMES: Row[] = [
  {
    title: "a template that is renamed keeps its builds, tag and alias, and a destroy leaves nothing",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      const before = await world.template("web");
      stack.program(named("web2"));
      const up = await stack.up();
      expect(summary(up)).not.toHaveProperty("replaced");
      const after = await world.templates();
      expect(Object.keys(after)).toEqual(["web2"]);
      expect(after.web2).toMatchObject({ tags: before.tags, builds: before.builds });
      expect(after.web2?.aliases).toContain("site");
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "web2", "site"])).toEqual([]);
    },
  },
  {
    title: "a template that is renamed and back is what it was",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      const before = await world.template("web");
      stack.program(named("web2"));
      await stack.up();
      stack.program(named("web"));
      await stack.up();
      const after = await world.templates();
      expect(Object.keys(after)).toEqual(["web"]);
      expect(after.web).toMatchObject({ tags: before.tags, builds: before.builds });
      expect(after.web?.aliases).toContain("site");
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "web2", "site"])).toEqual([]);
    },
  },
  {
    title: "a pool follows the rename of its template in place and stays ready",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (name: string) =>
        `const web = template("web", { name: own("${name}") }); pool("crew", tag("stable", web));`;
      stack.program(program("web"));
      await stack.up();
      const before = (await world.pools()).crew!;
      stack.program(program("web2"));
      expect(summary(await stack.up())).not.toHaveProperty("replaced");
      expect((await world.pools()).crew).toMatchObject({ id: before.id, build: before.build, ready: 1 });
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "web2"])).toEqual([]);
      expect(await world.containersOfPool(before.id)).toEqual([]);
    },
  },
  {
    title: "a template that is renamed and edited in one run is built once, under its new name",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      stack.program(named("web2"));
      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      const after = await world.templates();
      expect(Object.keys(after)).toEqual(["web2"]);
      const [newest] = after.web2!.builds;
      expect(after.web2).toMatchObject({ tags: { default: newest, stable: newest } });
      expect(after.web2?.builds).toHaveLength(2);
      expect(after.web2?.aliases).toContain("site");
      await stack.destroy();
      expect(await world.leftovers(["web", "web2", "site"])).toEqual([]);
    },
  },
  {
    title: "two templates that swap their names end swapped, or are refused as they were",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(pair("one", "two"));
      await stack.up();
      const before = await world.templates();
      stack.program(pair("two", "one"));
      let up = await stack.tryUp();
      if (up.exitCode !== 0) up = await stack.tryUp();
      const after = await world.templates();
      // Nothing lost and nothing doubled, whichever way it ended.
      const builds = (of: typeof after) =>
        Object.values(of)
          .map((each) => each.builds.join())
          .toSorted();
      expect(builds(after)).toEqual(builds(before));
      if (up.exitCode === 0) expect(after.one?.builds).toEqual(before.two?.builds);
      else stack.program(pair("one", "two"));
      expect(summary(await stack.up())).not.toHaveProperty("created");
      await stack.destroy();
      expect(await world.leftovers(["one", "two"])).toEqual([]);
    },
  },
  {
    title: "a new template under the name that another gives up in the same run takes nothing from it",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      const before = await world.template("web");
      const both = `${named("web2")} template("next", { name: own("web"), context: "./two" });`;
      stack.program(both);
      let up = await stack.tryUp();
      if (up.exitCode !== 0) up = await stack.tryUp();
      const after = await world.templates();
      const old = Object.values(after).find(({ builds }) => builds.includes(before.builds[0]!));
      expect(old).toMatchObject({ tags: before.tags });
      expect(old?.aliases).toContain("site");
      if (up.exitCode === 0) expect(await world.resolve("web")).toBe("web");
      await stack.destroy();
      expect(await world.leftovers(["web", "web2", "site"])).toEqual([]);
    },
  },
  {
    title: "a template that is renamed to the name of its own TemplateAlias loses neither",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      const before = await world.template("web");
      stack.program(named("site"));
      await stack.tryUp();
      const [[name, after] = ["", undefined]] = Object.entries(await world.templates());
      expect(["web", "site"]).toContain(name);
      expect(after).toMatchObject({ tags: before.tags, builds: before.builds });
      expect(await world.resolve("site")).toBe(name);
      stack.program(named("web"));
      await stack.up();
      expect(await world.template("web")).toMatchObject({ tags: before.tags });
      expect(await world.resolve("site")).toBe("web");
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a template that somebody renamed by hand gets its name back, or it is said, and nothing is built or lost",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(named("web"));
      await stack.up();
      const before = await world.template("web");
      await world.client.templates.rename(world.ref("web"), world.own("elsewhere"));
      await stack.refresh();
      await stack.up();
      const after = await world.templates();
      expect(Object.keys(after)).toHaveLength(1);
      expect(Object.values(after)[0]).toMatchObject({ tags: before.tags, builds: before.builds });
      expect(await world.resolve("web")).toBeDefined();
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "elsewhere", "site"])).toEqual([]);
    },
  },
];

playRows("names and references", [...SPELLINGS, ...RENAMES]);
