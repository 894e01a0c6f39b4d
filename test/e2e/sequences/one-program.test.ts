import { expect } from "vitest";
import { playRows, type Row } from "./support/rows.ts";
import { summary, type Stack } from "./support/stack.ts";

/** What a preview plans for each resource, by its name: resources that stay as they are left out. */
async function planned(stack: Stack, ...args: string[]): Promise<Record<string, string>> {
  const { stdout } = await stack.project.ok("preview", "--json", ...args);
  const { steps } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { steps: { op: string; urn: string }[] };
  return Object.fromEntries(
    steps
      .filter(({ op, urn }) => op !== "same" && !urn.includes("pulumi:pulumi:Stack"))
      .map(({ op, urn }) => [urn.slice(urn.lastIndexOf("::") + 2), op]),
  );
}

/** Counts of {@link summary} that a plan comes to. */
function counted(plan: Record<string, string>): Record<string, number> {
  const words: Record<string, string> = {
    create: "created",
    update: "updated",
    delete: "deleted",
    replace: "replaced",
  };
  const counts: Record<string, number> = {};
  for (const op of Object.values(plan)) {
    const word = words[op];
    if (word !== undefined) counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

const PLANNED: Row[] = [
  {
    title: "an update does what its preview says, over renames, edits, moves and replacements",
    async play({ stack: make, world }) {
      const stack = await make();
      const all = (web: string, more = "", options = "{}") => `
        const web = template("web", { name: own("${web}")${more} });
        const stable = tag("stable", web, {}, ${options}); alias("site", web); pool("crew", stable);`;
      const programs = [
        all("web"),
        all("front"),
        all("front", `, tags: ["default", "v1"]`),
        all("front", `, buildArgs: { ...BASE, NEW: "1" }`),
        all("back", `, buildArgs: { ...BASE, NEW: "2" }`, `{ replaceOnChanges: ["buildId"] }`),
        `const web = template("web", { name: own("back"), buildArgs: { ...BASE, NEW: "2" } }); tag("stable", web, { tag: "other" });`,
      ];
      for (const program of programs) {
        stack.program(program);
        const plan = await planned(stack);
        const done = summary(await stack.up());
        delete done.unchanged;
        expect(done).toEqual(counted(plan));
        expect(await planned(stack)).toEqual({});
      }
      expect((await world.template("back")).aliases).toEqual(["front", "web"]);
      await stack.destroy();
      expect(await world.leftovers(["web", "front", "back", "site"])).toEqual([]);
    },
  },
  {
    title: "an update of one target leaves the rest as it is, and the next whole update does it",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.project.write("app/hello.txt", "second\n");
      await stack.up("--target", stack.resource("stable").urn);
      expect(await world.template("web")).toEqual(before);
      expect(summary(await stack.up())).toMatchObject({ updated: 2 });
      const after = await world.template("web");
      expect(after.tags["stable"]).toBe(after.tags["default"]);
      expect(after.tags["stable"]).not.toBe(before.tags["stable"]);
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const REFUSED: Row[] = [
  {
    title: "of two Templates of one program with one name exactly one is made, and the other is refused again",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("a", { name: own("web") });
        template("b", { name: own("web"), context: "./two", buildArgs: { ...BASE, OTHER: "1" } });`);
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      const { tags } = await world.template("web");
      expect(stack.resources()).toHaveLength(1);
      const again = await stack.tryUp();
      expect(again.exitCode).not.toBe(0);
      expect(again.text).toContain("belongs to another resource of this stack");
      expect((await world.template("web")).tags).toEqual(tags);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title:
      "of two TemplateTags of one program that want one tag for two builds exactly one has it, whenever they differ",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web");`);
      await stack.up();
      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      const [first, second] = (await world.template("web")).builds;
      const both = (one: string, two: string) =>
        stack.program(`const web = template("web");
          tag("one", web, { tag: "live", buildId: "${one}" }); tag("two", web, { tag: "live", buildId: "${two}" });`);
      both(first!, second!);
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(up.text).toMatch(/another resource of this (program|stack)/);
      const { live } = (await world.template("web")).tags;
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      expect((await world.template("web")).tags["live"]).toBe(live);
      both(live!, live!);
      await stack.up();
      both(live === first ? second! : first!, live!);
      expect((await stack.tryUp()).text).toContain("a tag points at one build");
      expect((await world.template("web")).tags["live"]).toBe(live);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "of two WarmPools of one program with one name exactly one is made, and a destroy leaves nothing",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); const stable = tag("stable", web);
        pool("one", stable, { name: own("crew") }); pool("two", stable, { name: own("crew"), maxReady: 3 });`);
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(Object.keys(await world.pools())).toEqual(["crew"]);
      const { crew } = await world.pools();
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      expect((await world.pools())["crew"]!.id).toBe(crew!.id);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "an alias that is its template's own name is refused, and nothing is lost",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); alias("own", web, { alias: own("web") });`);
      const up = await stack.tryUp();
      expect(up.exitCode).not.toBe(0);
      expect(await world.resolve("web")).toBe("web");
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

const KEPT: Row[] = [
  {
    title: "a template that a destroy leaves at the service is the stack's again at its next update",
    async play({ stack: make, world }) {
      const stack = await make();
      const kept = (policy: string) =>
        stack.program(`const web = template("web", { deletionPolicy: "${policy}" }); tag("stable", web);`);
      kept("retain");
      await stack.up();
      const before = await world.template("web");
      await stack.destroy();
      expect((await world.template("web")).builds).toEqual(before.builds);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      kept("delete");
      await stack.up();
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a template that is taken out of the program with retainOnDelete stays, with its tag and alias",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web", {}, { retainOnDelete: true });
        tag("stable", web, {}, { retainOnDelete: true }); alias("site", web, {}, { retainOnDelete: true });`);
      await stack.up();
      const before = await world.template("web");
      stack.program(``);
      await stack.up();
      expect(await world.template("web")).toEqual(before);
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      await stack.up();
      const { builds, tags, aliases } = await world.template("web");
      expect({ builds, tags, aliases }).toEqual({ builds: before.builds, tags: before.tags, aliases: before.aliases });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "a tag that moves to another template in the run that renames both is on that one alone",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (a: string, b: string, of: string) => `
        const a = template("a", { name: own("${a}") });
        const b = template("b", { name: own("${b}"), context: "./two", buildArgs: { ...BASE, OTHER: "1" } });
        tag("stable", ${of}); alias("site", ${of});`;
      stack.program(program("one", "two", "a"));
      await stack.up();
      stack.program(program("three", "four", "b"));
      await stack.up();
      expect((await world.template("four")).tags["stable"]).toBeDefined();
      expect((await world.template("three")).tags["stable"]).toBeUndefined();
      expect(await world.resolve("site")).toBe("four");
      expect(summary(await stack.up())).toEqual({ unchanged: 4 });
      await stack.destroy();
      expect(await world.leftovers(["one", "two", "three", "four", "site"])).toEqual([]);
    },
  },
];

playRows("one program", [...PLANNED, ...REFUSED, ...KEPT]);
