import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { isTerminalStatus } from "../../../sdk/wire/index.ts";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";

const GOOD = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n";

const BY_HAND: Row[] = [
  {
    title:
      "a template that was deleted by hand and made again by somebody else is not touched, whatever the stack does",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      await stack.up();
      await world.client.templates.delete(world.ref("web"));
      const theirs = await world.build("web", "of somebody else", ["default", "stable"]);
      const untouched = async () => {
        const { builds, tags } = await world.template("web");
        expect({ builds, tags }).toEqual({ builds: [theirs], tags: { default: theirs, stable: theirs } });
      };
      stack.project.write("app/hello.txt", "second\n");
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(up.text).toMatch(/is not the one that this resource made[^]*pulumi refresh/);
      await untouched();
      const refresh = await stack.refresh();
      expect(refresh.text).toContain("is not the one of this resource");
      expect(stack.resources().map(({ urn }) => urn.split("::").at(-1))).not.toContain("web");
      const again = await stack.tryUp();
      expect(again.exitCode).not.toBe(0);
      expect(again.text).toContain("adopt: true");
      await untouched();
      await stack.destroy();
      await untouched();
    },
  },
  {
    title: "a destroy leaves a template that somebody has made again under the name of the deleted one",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      await world.client.templates.delete(world.ref("web"));
      const theirs = await world.build("web", "of somebody else", ["default", "stable"]);
      await stack.destroy();
      expect((await world.template("web")).tags).toEqual({ default: theirs, stable: theirs });
    },
  },
  {
    title:
      "a template that was deleted by hand is made again by an update, which says so, and nothing is left in the end",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      await stack.up();
      await world.client.templates.delete(world.ref("web"));
      stack.project.write("app/hello.txt", "second\n");
      const up = await stack.up();
      expect(up.text).toContain("is not at the service any more: it is made again");
      const { builds, tags } = await world.template("web");
      expect(tags).toEqual({ default: builds[0], stable: builds[0] });
      await stack.up("--refresh");
      expect(await world.resolve("site")).toBe("web");
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "an alias that was removed by hand and given to another template stays there",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(
        `const web = template("web"); const two = template("two", { context: "./two" }); alias("site", web);`,
      );
      await stack.up();
      await world.build("other", "of somebody else");
      await world.client.templates.removeAlias(world.ref("web"), world.ref("site"));
      await world.client.templates.rename(world.ref("other"), world.own("site"));
      await world.client.templates.rename(world.ref("site"), world.own("other"));
      expect(await world.resolve("site")).toBe("other");
      stack.program(
        `const web = template("web"); const two = template("two", { context: "./two" }); alias("site", two);`,
      );
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(up.text).toMatch(/somebody has given it to/);
      expect(await world.resolve("site")).toBe("other");
      await stack.refresh();
      expect(stack.resources().map(({ urn }) => urn.split("::").at(-1))).not.toContain("site");
      stack.program(`const web = template("web"); const two = template("two", { context: "./two" });`);
      await stack.destroy();
      expect(await world.resolve("site")).toBe("other");
    },
  },
  {
    title: "a warm pool that was deleted by hand says which command brings it back, and that does",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (maxReady: number) =>
        stack.program(`const web = template("web"); pool("pool", tag("stable", web), { maxReady: ${maxReady} });`);
      program(2);
      await stack.up();
      const { pool } = await world.pools();
      await world.client.warmPools.delete(pool!.id);
      program(3);
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(up.text).toMatch(/was deleted at the service\. Run pulumi refresh/);
      await stack.refresh();
      await stack.up();
      expect((await world.pools()).pool).toMatchObject({ ready: 1 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

const TWO_OWNERS: Row[] = [
  {
    title: "a tag that moves from a TemplateTag into the tags of its Template is never lost",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.program(`template("web", { tags: ["default", "stable"] });`);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a tag that a Template and a TemplateTag both have stays when one of them goes",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web", { tags: ["default", "stable"] }); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.program(`const web = template("web", { tags: ["default", "stable"] });`);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      stack.program(`const web = template("web", { tags: ["default", "stable"] }); tag("stable", web);`);
      await stack.up();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a Template does not move a tag that belongs to another stack",
    async play({ stack: make, world }) {
      const [first, second] = [await make({ name: "first" }), await make({ name: "second" })];
      first.program(`const web = template("web");`);
      await first.up();
      const [build] = (await world.template("web")).builds;
      second.program(
        `new nullspace.TemplateTag("prod", { template: "local/" + own("web"), tag: "prod", buildId: "${build}" });`,
      );
      await second.up();
      first.program(`const web = template("web", { tags: ["default", "prod"] });`);
      first.project.write("app/hello.txt", "second\n");
      const up = await first.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(up.text).toContain("belongs to another Pulumi stack");
      expect((await world.template("web")).tags).toEqual({ default: build, prod: build });
      first.program(`const web = template("web");`);
      await first.up();
      expect((await world.template("web")).tags.prod).toBe(build);
    },
  },
];

const OLD_NAMES: Row[] = [
  {
    title:
      "the old name of a renamed template goes to a new one that adopts it, and never are two resources of one template",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web", { name: own("first") });`);
      await stack.up();
      const both = `template("web", { name: own("second") });
        template("other", { name: own("first"), context: "./two", buildArgs: { ...BASE, OTHER: "1" }`;
      stack.program(`${both} });`);
      const refused = await stack.tryUp();
      expect(refused.exitCode).not.toBe(0);
      stack.program(`${both}, adopt: true });`);
      // The rename and the adoption may meet: then the adoption waits for the next run.
      const up = await stack.tryUp();
      if (up.exitCode !== 0) await stack.up();
      expect(await world.resolve("first")).toBe("first");
      expect(await world.resolve("second")).toBe("second");
      const { first, second } = await world.templates();
      expect(first!.builds).not.toEqual(second!.builds);
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["first", "second"])).toEqual([]);
    },
  },
];

const REFRESHED: Row[] = [
  {
    title: "resources that were renamed with aliases know their own after a refresh, too",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (suffix: string, maxReady: number) => {
        const old = (name: string) => (suffix === "" ? "{}" : `{ aliases: [{ name: "${name}" }] }`);
        stack.program(`const web = template("web${suffix}", { name: own("web") }, ${old("web")});
          const stable = tag("stable${suffix}", web, {}, ${old("stable")});
          alias("site${suffix}", web, { alias: own("site") }, ${old("site")});
          pool("pool${suffix}", stable, { name: own("pool"), maxReady: ${maxReady} }, ${old("pool")});`);
      };
      program("", 2);
      await stack.up();
      program("9", 2);
      await stack.up();
      await stack.refresh();
      expect(summary(await stack.up())).toEqual({ unchanged: 4 });
      program("9", 3);
      await stack.up();
      await stack.refresh();
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const INTERRUPTED: Row[] = [
  {
    title: "a name that a killed create of the same resource holds is free for its rename",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web");`);
      stack.project.write("app/Dockerfile", `${GOOD}RUN echo ${randomUUID()} && sleep 8\n`);
      const run = stack.start("up");
      await world.untilBuilding("web", 1);
      process.kill(run.pid, "SIGKILL");
      await run.ended;
      await stack.project.run("cancel", "--yes");
      stack.project.write("app/Dockerfile", GOOD);
      stack.program(`template("web", { name: own("other") });`);
      await stack.up();
      stack.program(`template("web");`);
      const up = await stack.up();
      expect(up.text).toContain("deleted what an interrupted run of this resource had left");
      expect(await world.resolve("web")).toBe("web");
      const { builds } = await world.client.builds.list(world.ref("web"));
      expect(builds.every(({ status }) => isTerminalStatus(status))).toBe(true);
      await stack.destroy();
      expect(await world.leftovers(["web", "other"])).toEqual([]);
    },
  },
];

playRows("what was made again", [...BY_HAND, ...TWO_OWNERS, ...OLD_NAMES, ...REFRESHED, ...INTERRUPTED]);
