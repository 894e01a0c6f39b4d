import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { isTerminalStatus } from "../../../sdk/wire/index.ts";
import { playRows, type Row } from "./support/rows.ts";
import { summary, type Stack } from "./support/stack.ts";
import type { World } from "./support/world.ts";

const BROKEN = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\nRUN echo gone-wrong && false\n";
const GOOD = "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n";
/** Builds for as long as it takes to stop it, and ends by itself. No engine has it in its cache. */
const slow = () => `${GOOD}RUN echo ${randomUUID()} && sleep 8
`;

/** Waits until no build of the row's template is in progress: whatever was to go live by itself has. */
async function untilQuiet(world: World, name: string): Promise<void> {
  for (;;) {
    const { builds } = await world.client.builds.list(world.ref(name)).catch(() => ({ builds: [] }));
    if (builds.every(({ status }) => isTerminalStatus(status))) return;
    await pause(250);
  }
}

/** The build that the state says is live. */
function recordedBuild(stack: Stack): unknown {
  return stack.resources().find(({ urn }) => urn.endsWith("::web"))?.outputs.buildId;
}

const FAILED: Row[] = [
  {
    title: "after a failed build the preview says why it builds again, also after a refresh, and the fix goes in",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.project.write("app/Dockerfile", BROKEN);
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      expect((await world.template("web")).tags).toEqual(before.tags);
      for (const refresh of [false, true]) {
        if (refresh) await stack.refresh();
        const preview = await stack.project.ok("preview");
        expect(preview.text).toMatch(/failed|gone-wrong/);
        expect(stack.resource("web").initErrors?.join("\n")).toMatch(/build tb_/);
      }
      stack.project.write("app/Dockerfile", `${GOOD}RUN echo fixed\n`);
      await stack.up();
      const { tags, builds } = await world.template("web");
      expect(tags).toEqual({ default: builds[0], stable: builds[0] });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title:
      "a build that failed, then a rename, then the fix: one template under the new name, its tags on the new build",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (name: string) =>
        stack.program(`const web = template("web", { name: own("${name}") }); tag("stable", web);`);
      program("web");
      await stack.up();
      const [first] = (await world.template("web")).builds;
      stack.project.write("app/Dockerfile", BROKEN);
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      program("shop");
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      expect((await world.template("shop")).tags).toMatchObject({ default: first, stable: first });
      stack.project.write("app/Dockerfile", `${GOOD}RUN echo fixed\n`);
      await stack.up();
      const { tags, builds } = await world.template("shop");
      expect(builds).toContain(first);
      expect(tags).toEqual({ default: builds[0], stable: builds[0] });
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["web", "shop"])).toEqual([]);
    },
  },
  {
    title: "a first build that failed leaves no name that resolves, and goes with a destroy",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web); alias("site", web);`);
      stack.project.write("app/Dockerfile", BROKEN);
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      expect(await world.resolve("web")).toBeUndefined();
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
      stack.project.write("app/Dockerfile", GOOD);
      await stack.up();
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "an edit that failed and was put back is what it was, without another build",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.project.write("app/Dockerfile", BROKEN);
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      stack.project.write("app/Dockerfile", GOOD);
      await stack.up();
      expect((await world.template("web")).tags).toEqual(before.tags);
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

const STOPPED: Row[] = [
  {
    title: "a first build that Ctrl-C stopped never goes live by itself, and the next up makes it whole",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      stack.project.write("app/Dockerfile", slow());
      const run = stack.start();
      await world.untilBuilding("web", 1);
      process.kill(run.pid, "SIGINT");
      expect((await run.ended).exitCode).not.toBe(0);
      await untilQuiet(world, "web");
      // Live only where the create went on to its end, as one of the dynamic shell may: then the state says so.
      expect(await world.resolve("web")).toBe(recordedBuild(stack) === undefined ? undefined : "web");
      await stack.up();
      const { tags, builds } = await world.template("web");
      expect(tags).toEqual({ default: builds[0], stable: builds[0] });
      expect(builds.length).toBeLessThanOrEqual(2);
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a later build that Ctrl-C stopped moves no tag, and after an edit the next up builds the edit",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.project.write("app/Dockerfile", slow());
      const run = stack.start();
      await world.untilBuilding("web", 2);
      process.kill(run.pid, "SIGINT");
      expect((await run.ended).exitCode).not.toBe(0);
      await untilQuiet(world, "web");
      expect((await world.template("web")).tags).toEqual({ ...before.tags, default: recordedBuild(stack) });
      stack.project.write("app/Dockerfile", `${GOOD}RUN echo third\n`);
      stack.project.write("app/hello.txt", "third\n");
      await stack.up();
      const { tags } = await world.template("web");
      const { buildId } = stack.resource("web").outputs;
      expect(tags).toEqual({ default: buildId, stable: buildId });
      expect(await world.fileIn(world.ref("web"), "/hello.txt")).toBe("third\n");
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a build that Ctrl-C stopped goes with a destroy, at once",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web");`);
      stack.project.write("app/Dockerfile", slow());
      const run = stack.start();
      await world.untilBuilding("web", 1);
      process.kill(run.pid, "SIGINT");
      expect((await run.ended).exitCode).not.toBe(0);
      await stack.destroy();
      await untilQuiet(world, "web");
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "an edit that was put back after Ctrl-C leaves live what the state says",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      const before = await world.template("web");
      stack.project.write("app/Dockerfile", slow());
      const run = stack.start();
      await world.untilBuilding("web", 2);
      process.kill(run.pid, "SIGINT");
      await run.ended;
      const wasStopped = recordedBuild(stack) === before.tags.default;
      stack.project.write("app/Dockerfile", GOOD);
      await stack.up();
      await untilQuiet(world, "web");
      const { tags } = await world.template("web");
      expect(tags).toEqual({ default: recordedBuild(stack), stable: recordedBuild(stack) });
      if (wasStopped) expect(tags).toEqual(before.tags);
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

playRows("failed and stopped builds", [...FAILED, ...STOPPED]);
