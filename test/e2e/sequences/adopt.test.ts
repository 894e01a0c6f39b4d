import { expect } from "vitest";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";

const ADOPT: Row[] = [
  {
    title: "a template made by hand is refused with the ways, taken over with adopt, and goes with a destroy",
    gate: true,
    async play({ stack: make, world, shell }) {
      const made = await world.build("web", "by hand", ["default", "extra"]);
      const stack = await make();
      stack.program(`template("web");`);
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("adopt: true");
      if (shell === "plugin") expect(refused.text).toMatch(/import/);
      else expect(refused.text).not.toMatch(/pulumi import/);
      expect(await world.template("web")).toMatchObject({ builds: [made], tags: { default: made, extra: made } });
      stack.program(`template("web", { adopt: true });`);
      await stack.up();
      const after = await world.template("web");
      // What it says is built; a tag that it does not name stays where it is.
      expect(after.tags).toEqual({ default: stack.resource("web").outputs.buildId, extra: made });
      expect(await world.fileIn(world.ref("web"), "/hello.txt")).toBe("first\n");
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });
      stack.program(`template("web");`);
      expect(summary(await stack.up())).not.toHaveProperty("replaced");
      expect(await world.template("web")).toMatchObject({ builds: after.builds, tags: after.tags });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a tag made by hand is refused with the ways, taken over with adopt, and goes with a destroy",
    async play({ stack: make, world }) {
      const [first, second] = [await world.build("web", "1", ["default", "stable"]), await world.build("web", "2")];
      const stack = await make();
      const program = (more: string) =>
        stack.program(`new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
          buildId: ${JSON.stringify(second)}, ${more} });`);
      program("");
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("adopt: true");
      expect((await world.template("web")).tags).toEqual({ default: second, stable: first });
      program("adopt: true");
      await stack.up();
      expect((await world.template("web")).tags).toEqual({ default: second, stable: second });
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });
      await stack.destroy();
      expect((await world.template("web")).tags).toEqual({ default: second });
    },
  },
  {
    title: "an alias of another template is refused, taken over with adopt, and goes with a destroy",
    async play({ stack: make, world }) {
      await world.build("web", "1");
      await world.build("other", "2");
      await world.client.templates.rename(world.ref("other"), world.own("other2"));
      const stack = await make();
      const program = (more: string) =>
        stack.program(`new nullspace.TemplateAlias("other", { template: own("web"), alias: own("other"), ${more} });`);
      program("");
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("adopt: true");
      expect(await world.resolve("other")).toBe("other2");
      program("adopt: true");
      await stack.up();
      expect(await world.resolve("other")).toBe("web");
      expect(Object.keys(await world.templates()).toSorted()).toEqual(["other2", "web"]);
      await stack.destroy();
      expect(await world.resolve("other")).toBeUndefined();
    },
  },
  {
    title: "adopt does not take the name of a live template for an alias",
    async play({ stack: make, world }) {
      await world.build("web", "1");
      const other = await world.build("other", "2");
      const stack = await make();
      stack.program(
        `new nullspace.TemplateAlias("other", { template: own("web"), alias: own("other"), adopt: true });`,
      );
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(await world.template("other")).toMatchObject({ builds: [other], tags: { default: other } });
    },
  },
  {
    title: "a pool made by hand is refused with the ways, taken over with adopt, and goes with a destroy",
    async play({ stack: make, world }) {
      const build = await world.build("web", "1");
      const { id } = await world.client.warmPools.create({
        name: world.own("crew"),
        template_ref: world.ref("web"),
        min_ready: 0,
        max_ready: 1,
        resources: { vcpus: 1, memory_mb: 64 },
      });
      const stack = await make();
      const program = (more: string) =>
        stack.program(`new nullspace.WarmPool("crew", { name: own("crew"), template: own("web"), minReady: 1, maxReady: 1,
          vcpus: 1, memoryMib: 64, ${more} });`);
      program("");
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("adopt: true");
      expect((await world.client.warmPools.get(id)).min_ready).toBe(0);
      program("adopt: true");
      await stack.up();
      expect(await world.pools()).toEqual({ crew: { id, build, ready: 1 } });
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });
      await stack.destroy();
      expect(await world.pools()).toEqual({});
      expect(await world.containersOfPool(id)).toEqual([]);
    },
  },
  {
    title: "adopt where nothing is there creates as always",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web", { adopt: true }); tag("stable", web, { adopt: true });
        alias("site", web, { adopt: true });`);
      await stack.up();
      expect(await world.template("web")).toMatchObject({ aliases: ["site"] });
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const IMPORT: Row[] = [
  {
    title: "the first up after an import leaves the tags of others alone, and a destroy takes the template",
    gate: true,
    shells: ["plugin"],
    async play({ stack: make, world }) {
      const made = await world.build("web", "by hand", ["default", "stable", "hotfix"]);
      const stack = await make();
      stack.program("");
      const id = world.ref("web");
      const imported = await stack.project.ok(
        ...["import", "nullspace:index:Template", "web", id, "--yes", "--generate-code=false", "--protect=false"],
      );
      expect(imported.text.match(/imported as it is/g)?.length ?? 0).toBeGreaterThan(0);
      stack.program(`template("web", { tags: ["default"] });`);
      await stack.up();
      expect((await world.template("web")).tags).toMatchObject({ stable: made, hotfix: made });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a tag and an alias are imported, have nothing to do, and go with a destroy",
    shells: ["plugin"],
    async play({ stack: make, world }) {
      const made = await world.build("site", "by hand", ["default", "stable"]);
      await world.client.templates.rename(world.ref("site"), world.own("web"));
      const stack = await make();
      stack.program("");
      const options = ["--yes", "--generate-code=false", "--protect=false"];
      const tagId = `${world.ref("web")}:stable`;
      await stack.project.ok("import", "nullspace:index:TemplateTag", "stable", tagId, ...options);
      await stack.project.ok("import", "nullspace:index:TemplateAlias", "site", world.ref("site"), ...options);
      stack.program(`new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
          buildId: ${JSON.stringify(made)} });
        new nullspace.TemplateAlias("site", { template: own("web"), alias: own("site") });`);
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.template("web")).toMatchObject({ tags: { default: made }, aliases: [] });
    },
  },
  {
    title: "all four are imported by the program, are what was there, and are changed and destroyed as its own",
    gate: true,
    shells: ["plugin"],
    async play({ stack: make, world }) {
      // What another stack has made, and lost with its state.
      const lost = await make({ name: "lost" });
      const all = (imports: (what: string) => string) =>
        `const web = template("web", {}, ${imports("web")}); const stable = tag("stable", web, {}, ${imports("stable")});
         alias("site", web, {}, ${imports("site")}); pool("crew", stable, {}, ${imports("crew")});`;
      lost.program(all(() => "{}"));
      await lost.up();
      const before = await world.template("web");
      const { id } = (await world.pools()).crew!;

      const stack = await make({ name: "found" });
      const ids: Record<string, string> = {
        ...{ web: world.ref("web"), stable: `${world.ref("web")}:stable`, site: world.ref("site"), crew: id },
      };
      stack.program(all((what) => `{ import: ${JSON.stringify(ids[what])} }`));
      const imported = await stack.up();
      expect(summary(imported)).toMatchObject({ imported: 4 });
      expect(imported.text).toContain("belongs to another Pulumi stack, and is taken over by this import");
      expect(await world.template("web")).toEqual(before);
      stack.program(all(() => "{}"));
      await stack.up();
      expect(await world.template("web")).toEqual(before);
      expect((await world.pools()).crew).toMatchObject({ id });
      expect(summary(await stack.up())).toEqual({ unchanged: 4 });

      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      const { tags, builds } = await world.template("web");
      expect(builds).toHaveLength(2);
      expect(tags).toEqual({ default: builds[0], stable: builds[0] });
      expect((await world.pools()).crew).toMatchObject({ id, build: builds[0] });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "an ID in the wrong form says the right form, and records nothing",
    shells: ["plugin"],
    async play({ stack: make, world }) {
      await world.build("web", "by hand");
      const stack = await make();
      stack.program("");
      for (const [type, id, form] of [
        ["Template", `${world.ref("web")}:default`, /namespace\/name/],
        ["TemplateTag", world.ref("web"), /name:tag/],
        ["TemplateAlias", world.own("web"), /namespace\/(alias|name)/],
        ["WarmPool", world.own("crew"), /twp_/],
      ] as const) {
        const refused = await stack.project.run(
          ...["import", `nullspace:index:${type}`, "it", id, "--yes", "--generate-code=false"],
        );
        expect(refused.exitCode, `${type} ${id}\n${refused.text}`).not.toBe(0);
        expect(refused.text, type).toMatch(form);
      }
      expect(stack.resources()).toEqual([]);
    },
  },
];

playRows("what exists already", [...ADOPT, ...IMPORT]);
