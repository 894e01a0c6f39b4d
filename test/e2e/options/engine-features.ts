import { expect } from "vitest";
import { REPLACED, requireOk, runEngine, runEngineOk, type EngineRun } from "../support/engine-events.ts";
import type { Row } from "../sequences/support/rows.ts";
import type { Stack } from "../sequences/support/stack.ts";

const ALL = `const web = template("web"); const stable = tag("stable", web); alias("site", web); pool("crew", stable);
  template("two", { context: "./two" });`;

/** `pulumi up`, however it ends. */
const tryUp = ({ project }: Stack, ...args: string[]): Promise<EngineRun> =>
  runEngine(project, "up", "--yes", "--skip-preview", ...args);
const up = async (stack: Stack, ...args: string[]): Promise<EngineRun> =>
  requireOk(await tryUp(stack, ...args), `up ${args.join(" ")}`);
const preview = ({ project }: Stack, ...args: string[]): Promise<EngineRun> => runEngineOk(project, "preview", ...args);
const destroy = ({ project }: Stack, ...args: string[]): Promise<EngineRun> =>
  runEngineOk(project, "destroy", "--yes", "--skip-preview", ...args);

/** Changes the files of the templates. */
function edit({ project }: Stack, content: string, folders: readonly string[] = ["app", "two"]): void {
  for (const folder of folders) project.write(`${folder}/hello.txt`, `${content}\n`);
}

async function expectNoChanges(stack: Stack): Promise<void> {
  expect((await up(stack)).steps).toEqual({});
}

/** What the CLI and the engine do with a whole program. */
export const ENGINE_FEATURES: Row[] = [
  {
    title: "protect: no update and no destroy takes a protected resource away, a change of it in place is made",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (files: string, tag: string) =>
        stack.program(`const web = template("web", { context: "${files}" }, { protect: true });
          ${tag === "" ? "" : `tag("stable", web, { tag: "${tag}" }, { protect: true });`} template("two");`);
      program("./app", "stable");
      await up(stack);
      const before = await world.templates();
      // Another tag is another resource; none is a deletion.
      for (const tag of ["other", ""]) {
        program("./app", tag);
        const refused = await tryUp(stack);
        expect(refused.exitCode, refused.said).not.toBe(0);
        expect(refused.said).toMatch(/protect/);
        expect(await world.templates()).toEqual(before);
      }
      program("./two", "stable");
      edit(stack, "second", ["two"]);
      expect((await up(stack)).steps).toEqual({ web: "update", stable: "update" });
      await expectNoChanges(stack);
      await destroy(stack, "--exclude-protected");
      expect(Object.keys(await world.templates())).toEqual(["web"]);
      expect((await world.template("web")).tags).toHaveProperty("stable");
      await destroy(stack, "--ignore-protect");
      expect(await world.leftovers(["web", "two"])).toEqual([]);
    },
  },
  {
    title:
      "customTimeouts: a build that takes longer ends the update, which names the option, and the next one goes on",
    shells: ["plugin"],
    async play({ stack: make, world }) {
      const stack = await make();
      // Built once a row: nothing of it is in the engine's cache.
      stack.project.write("app/Dockerfile", `ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN echo ${Date.now()} && sleep 5\n`);
      const program = (customTimeouts: object) =>
        stack.program(`template("web", {}, { customTimeouts: ${JSON.stringify(customTimeouts)} });`);
      program({ create: "2s" });
      const ended = await tryUp(stack);
      expect(ended.exitCode, ended.said).not.toBe(0);
      expect(ended.said).toMatch(/not done after 2 s/);
      expect(ended.said).toMatch(/customTimeouts: \{ create: /);
      expect(stack.resource("web").initErrors?.join()).toMatch(/not done after 2 s/);
      program({ create: "2s", update: "60s" });
      expect((await up(stack)).steps).toEqual({ web: "update" });
      expect((await world.template("web")).builds).toHaveLength(1);
      await expectNoChanges(stack);
      await destroy(stack);
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "customTimeouts: a dynamic resource is not told of them, and takes the time that it needs",
    shells: ["dynamic"],
    async play({ stack: make, world }) {
      const stack = await make();
      stack.project.write("app/Dockerfile", `ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN echo ${Date.now()} && sleep 2\n`);
      stack.program(`template("web", {}, { customTimeouts: { create: "1s" } });`);
      expect((await up(stack)).steps).toEqual({ web: "create" });
      await expectNoChanges(stack);
      await destroy(stack);
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "--target, --target-dependents, --exclude, --replace, --target-replace: what is not meant is left alone",
    async play({ stack: make, world, shell }) {
      const stack = await make();
      stack.program(ALL);
      await up(stack);
      const before = await world.templates();
      edit(stack, "second");

      expect((await up(stack, "--target", "**Template::web")).steps).toEqual({ web: "update" });
      const [built, first] = (await world.template("web")).builds;
      expect((await world.template("web")).tags).toEqual({ default: built, stable: first });
      expect(await world.pools()).toMatchObject({ crew: { build: first } });
      expect((await world.templates()).two).toEqual(before.two);

      const dependents = { stable: "update", crew: "update" };
      expect((await up(stack, "--exclude", "**Template::two")).steps).toEqual(dependents);
      expect((await world.template("web")).tags).toEqual({ default: built, stable: built });
      expect(await world.pools()).toMatchObject({ crew: { build: built, ready: 1 } });

      edit(stack, "third");
      const targeted = ["--target", "**Template::web", "--target-dependents"];
      const unsure = shell === "dynamic" ? { site: "update" } : {};
      expect((await preview(stack, ...targeted)).steps).toEqual({ web: "update", ...dependents, ...unsure });
      expect((await up(stack, ...targeted)).steps).toEqual({ web: "update", ...dependents });
      expect((await world.templates()).two).toEqual(before.two);

      const tags = (await world.template("web")).tags;
      const replaced = await up(stack, "--replace", "**TemplateAlias::site", "--replace", "**WarmPool::crew");
      expect(replaced.steps).toEqual({ site: REPLACED, crew: REPLACED, two: "update" });
      expect((await up(stack, "--target-replace", "**TemplateTag::stable")).steps).toEqual({ stable: REPLACED });
      expect(await world.template("web")).toMatchObject({ tags, aliases: ["site"] });
      expect(await world.pools()).toMatchObject({ crew: { build: tags.stable, ready: 1 } });
      await expectNoChanges(stack);

      const some = await destroy(stack, "--target", "**TemplateTag::stable", "--target-dependents");
      expect(some.steps).toEqual({ stable: "delete", crew: "delete" });
      expect(await world.pools()).toEqual({});
      expect((await world.template("web")).tags).not.toHaveProperty("stable");
      await destroy(stack);
      expect(await world.leftovers(["web", "two", "site"])).toEqual([]);
    },
  },
  {
    title: "update plans: an update does what was planned, and one whose files have changed since is refused",
    async play({ stack: make, world }) {
      const stack = await make({ env: { PULUMI_EXPERIMENTAL: "1" } });
      stack.program(ALL);
      const planned = async () => {
        await preview(stack, "--save-plan", "plan.json");
        return ["--plan", "plan.json"];
      };
      const created = await up(stack, ...(await planned()));
      expect(Object.keys(created.steps).toSorted()).toEqual(["crew", "site", "stable", "two", "web"]);
      const before = await world.templates();

      edit(stack, "second", ["app"]);
      const plan = await planned();
      edit(stack, "third", ["app"]);
      const refused = await tryUp(stack, ...plan);
      expect(refused.exitCode, refused.said).not.toBe(0);
      expect(refused.said).toMatch(/violates plan: .*contextHash/);
      expect(await world.templates()).toEqual(before);

      edit(stack, "second", ["app"]);
      expect((await up(stack, ...plan)).steps).toEqual({ web: "update", stable: "update", crew: "update" });
      expect(await world.fileIn(`${world.ref("web")}:stable`, "/hello.txt")).toBe("second\n");
      await expectNoChanges(stack);
      await destroy(stack);
      expect(await world.leftovers(["web", "two", "site"])).toEqual([]);
    },
  },
  {
    title: "--refresh: what was changed by hand is seen in the preview, and put right by the update",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(ALL);
      await up(stack);
      const before = await world.templates();
      const byHand = await world.build("web", "by hand", ["stable"]);
      await world.client.templates.removeAlias(world.ref("web"), world.ref("site"));
      await world.client.templates.delete(world.ref("two"));
      expect((await preview(stack)).steps).toEqual({});

      const put = { two: "create", site: "create", stable: "update", crew: "update" };
      expect((await preview(stack, "--refresh")).steps).toEqual(put);
      expect((await world.template("web")).tags.stable).toBe(byHand);
      expect((await up(stack, "--refresh")).steps).toEqual(put);
      expect(await world.template("web")).toMatchObject({ tags: before.web?.tags, aliases: ["site"] });
      expect(Object.keys(await world.templates())).toEqual(expect.arrayContaining(["web", "two"]));
      expect(await world.pools()).toMatchObject({ crew: { build: before.web?.tags.stable, ready: 1 } });
      expect((await up(stack, "--refresh")).steps).toEqual({});
      await destroy(stack, "--refresh");
      expect(await world.leftovers(["web", "two", "site"])).toEqual([]);
    },
  },
  {
    title: "--continue-on-error: what does not depend on a failed build is made, what does waits for the next update",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.project.write("app/Dockerfile", "ARG BASE_IMAGE\nFROM $BASE_IMAGE\nRUN false\n");
      // The good one starts after the bad one has failed.
      stack.program(`const web = template("web"); tag("stable", web);
        const two = template("two", { context: "./two" }); tag("steady", two); pool("crew", tag("live", two, { tag: "live" }));`);
      const up1 = await tryUp(stack, "--continue-on-error", "--parallel", "1");
      expect(up1.exitCode, up1.said).not.toBe(0);
      expect(Object.keys(await world.templates())).toEqual(["two"]);
      expect((await world.template("two")).tags).toHaveProperty("stable");
      expect(await world.pools()).toMatchObject({ crew: { ready: 1 } });
      expect(stack.resources().map(({ urn }) => urn.split("::").at(-1))).not.toContain("stable");
      stack.project.write("app/Dockerfile", "ARG BASE_IMAGE\nFROM $BASE_IMAGE\n");
      expect((await up(stack)).steps).toEqual({ web: "update", stable: "create" });
      await expectNoChanges(stack);
      await destroy(stack, "--continue-on-error");
      expect(await world.leftovers(["web", "two"])).toEqual([]);
    },
  },
  {
    title: "a secret that a transform adds is as secret as one of the program, in what a failed build says and leaves",
    async play({ stack: make }) {
      const stack = await make();
      for (const folder of ["app", "two", "three"]) {
        stack.project.write(
          `${folder}/Dockerfile`,
          `ARG BASE_IMAGE\nFROM $BASE_IMAGE\nARG SECRET\nRUN echo "it is $SECRET" && false\n`,
        );
      }
      stack.program(`
        const add = ({ props, opts }) => ({ props: { ...props, buildArgs: BASE }, opts });
        template("web", { buildArgs: {} }, { transforms: [add] });
        template("two", { buildArgs: {}, context: "./two" }, { transformations: [add] });
        const parent = new pulumi.ComponentResource("e2e:index:Parent", "parent", {}, {
          transforms: [(args) => (args.name === "three" ? add(args) : undefined)],
        });
        template("three", { buildArgs: {}, context: "./three" }, { parent });`);
      const failed = await tryUp(stack, "--continue-on-error");
      expect(failed.exitCode, failed.said).not.toBe(0);
      for (const name of ["web", "two", "three"]) {
        expect(stack.resource(name).initErrors?.join()).toContain("it is [secret]");
      }
      // That nothing else shows it is looked at after every row.
      await destroy(stack);
    },
  },
  {
    title: "aliases by type: a program that changes to the other shell goes on with what it has",
    async play({ stack: make, world, shell }) {
      const stack = await make();
      const other = shell === "dynamic" ? "plugin" : "dynamic";
      const old = shell === "dynamic" ? "pulumi-nodejs:dynamic/nullspace:" : "nullspace:index:";
      const of = (type: string) => `{ aliases: [{ type: "${old}${type}" }] }`;
      stack.program(ALL);
      await up(stack);
      const before = await world.templates();
      stack.program(
        `const web = template("web", {}, ${of("Template")}); const stable = tag("stable", web, {}, ${of("TemplateTag")});
        alias("site", web, {}, ${of("TemplateAlias")}); pool("crew", stable, {}, ${of("WarmPool")});
        template("two", { context: "./two" }, ${of("Template")});`,
        other,
      );
      // What deletes a dynamic resource stands in its state, where an update writes it.
      const all = { web: "update", two: "update", stable: "update", site: "update", crew: "update" };
      const moved = other === "dynamic" ? all : {};
      expect((await preview(stack)).steps).toEqual(moved);
      expect((await up(stack)).steps).toEqual(moved);
      const after = await world.templates();
      expect(after.web?.builds).toEqual(before.web?.builds);
      expect(after.web?.tags).toEqual(before.web?.tags);
      await expectNoChanges(stack);
      edit(stack, "second", ["app"]);
      expect((await up(stack)).steps).toEqual({ web: "update", stable: "update", crew: "update" });
      const [built] = (await world.template("web")).builds;
      expect(await world.template("web")).toMatchObject({ tags: { default: built, stable: built }, aliases: ["site"] });
      await expectNoChanges(stack);
      await destroy(stack);
      expect(await world.leftovers(["web", "two", "site"])).toEqual([]);
    },
  },
];
