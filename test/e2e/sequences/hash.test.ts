import { expect } from "vitest";
import { playRows, type Row } from "./support/rows.ts";
import { summary, type Stack } from "./support/stack.ts";
import { StepProxy } from "./support/step-proxy.ts";
import type { World } from "./support/world.ts";

const CLAIM = { key: "POST /v1/templates/claims", nth: 1, side: "before" } as const;

/** Is a template's machine of the file that is on disk now, and does the state say so? */
async function expectTruth(stack: Stack, world: World, name: string, content: string): Promise<void> {
  expect(await world.fileIn(world.ref(name), "/hello.txt")).toBe(content);
  expect((await world.template(name)).tags.default).toBe(stack.resource(name).outputs.buildId);
}

const CHANGED_IN_BETWEEN: Row[] = [
  {
    title: "a file that is edited between the plan and the build is named, nothing is built, and the next up builds it",
    gate: true,
    async play({ stack: make, world, service, defer }) {
      const proxy = await StepProxy.start(service.env.NULLSPACE_API_URL, world.own(""));
      defer(() => proxy[Symbol.asyncDispose]());
      const stack = await make({ env: { NULLSPACE_API_URL: proxy.url } });
      stack.program(`template("web");`);
      // The first request of the create: by then the hash is in the inputs.
      proxy.watch({
        moment: CLAIM,
        met: async () => stack.project.write("app/hello.txt", "edited\n"),
      });
      const up = await stack.tryUp();
      expect(up.exitCode, up.text).not.toBe(0);
      expect(up.text).toContain("hello.txt");
      expect(up.text).toMatch(/changed since the preview/);
      expect(await world.templates()).toEqual({});
      await stack.up();
      await expectTruth(stack, world, "web", "edited\n");
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "a waiting Template whose file is edited while another is built, and put back after, is never of the edit",
    async play({ stack: make, world, service, defer }) {
      const proxy = await StepProxy.start(service.env.NULLSPACE_API_URL, world.own(""));
      defer(() => proxy[Symbol.asyncDispose]());
      const stack = await make({ env: { NULLSPACE_API_URL: proxy.url } });
      stack.program(`template("one"); template("two", { context: "./two" });`);
      await stack.up();
      for (const folder of ["app", "two"]) stack.project.write(`${folder}/hello.txt`, "second\n");
      const run = stack.start("up", "--parallel", "1");
      proxy.watch({
        moment: { key: "POST /v1/templates/builds", nth: 1, side: "after" },
        // The other one is waiting, its hash computed or not: what must be true is the same.
        met: async () => {
          await run.printed(/Template (one|two) updating/);
          for (const folder of ["app", "two"]) stack.project.write(`${folder}/hello.txt`, "edit in passing\n");
        },
      });
      await run.ended;
      for (const folder of ["app", "two"]) stack.project.write(`${folder}/hello.txt`, "second\n");
      proxy.watch();
      await stack.up();
      for (const name of ["one", "two"]) await expectTruth(stack, world, name, "second\n");
      expect(summary(await stack.up())).toEqual({ unchanged: 2 });
      await stack.destroy();
    },
  },
];

const PINNED: Row[] = [
  {
    title: "a pinned hash with other files and another reason to build is refused, and nothing is built",
    gate: true,
    async play({ stack: make, world }) {
      const stack = await make();
      const pinned = (args: string) =>
        stack.program(`template("web", { buildArgs: ${args} }, { ignoreChanges: ["contextHash"] });`);
      pinned("BASE");
      await stack.up();
      const before = await world.templates();
      stack.project.write("app/hello.txt", "second\n");
      expect(summary(await stack.up())).toEqual({ unchanged: 1 });
      pinned(`{ ...BASE, MORE: "1" }`);
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("hello.txt");
      expect(refused.text).toMatch(/ignoreChanges|contextHash/);
      expect(await world.templates()).toEqual(before);
      // The way out: the files that it was built from, or no pin.
      stack.program(`template("web", { buildArgs: { ...BASE, MORE: "1" } });`);
      await stack.up();
      await expectTruth(stack, world, "web", "second\n");
      await stack.destroy();
    },
  },
  {
    title: "a pinned hash with the files of that hash builds what is pinned",
    async play({ stack: make, world }) {
      const stack = await make();
      const pinned = (args: string) =>
        stack.program(`template("web", { buildArgs: ${args} }, { ignoreChanges: ["contextHash"] });`);
      pinned("BASE");
      await stack.up();
      stack.project.write("app/hello.txt", "second\n");
      await stack.up();
      stack.project.write("app/hello.txt", "first\n");
      pinned(`{ ...BASE, MORE: "1" }`);
      await stack.up();
      await expectTruth(stack, world, "web", "first\n");
      expect((await world.template("web")).builds).toHaveLength(2);
      await stack.destroy();
    },
  },
  {
    title: "a hash that the program gives and the files do not have is refused, and no name is taken",
    async play({ stack: make, world }) {
      const stack = await make();
      stack.program(`template("web", { contextHash: "h1:" + "0".repeat(64) });`);
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain("contextHash");
      expect(await world.templates()).toEqual({});
      stack.program(`template("web");`);
      await stack.up();
      await stack.destroy();
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];

playRows("the hash is what was built", [...CHANGED_IN_BETWEEN, ...PINNED]);
