import { expect } from "vitest";
import type { OptionRow } from "./option-rows.ts";

/** `ignoreChanges`: what the program no longer decides. */
export const IGNORED_CHANGES: OptionRow[] = [
  {
    key: "lean",
    title: "ignoreChanges of an input: its change does nothing, and the state keeps the old value",
    before: `template("lean", { context: here }, { ignoreChanges: ["memoryMib", "context"] });`,
    after: `template("lean", { context: "./two", memoryMib: 128 }, { ignoreChanges: ["memoryMib", "context"] });`,
    steps: {},
    updated({ state, templates }) {
      expect(state("lean").inputs).toMatchObject({ memoryMib: 64, context: "./lean" });
      expect(templates.lean?.builds).toHaveLength(1);
    },
  },
  {
    key: "nested",
    title: "ignoreChanges of a path: the rest of the input counts, and what is built has the old value there",
    before: `template("nested", { context: here, env: { X: "1", Y: "1", "a.b": "1" } },
      { ignoreChanges: ["env.X", 'env["a.b"]'] });
      template("nested-quiet", { context: here, env: { X: "1" } }, { ignoreChanges: ["env.X"] });`,
    after: `template("nested", { context: here, env: { X: "2", Y: "2", "a.b": "2" } },
      { ignoreChanges: ["env.X", 'env["a.b"]'] });
      template("nested-quiet", { context: here, env: { X: "2" } }, { ignoreChanges: ["env.X"] });`,
    steps: { nested: "update" },
    async updated({ state, templates, world }) {
      expect(state("nested").inputs.env).toEqual({ X: "1", Y: "2", "a.b": "1" });
      const seen = (await world.fileIn(world.ref("nested"), "/proc/self/environ")).split("\0");
      expect(seen).toEqual(expect.arrayContaining(["X=1", "Y=2"]));
      expect(templates["nested-quiet"]?.builds).toHaveLength(1);
    },
  },
  {
    key: "pinned",
    title: "ignoreChanges of contextHash pins a template to its files, of buildId a tag to its build",
    before: `template("pinned", { context: here }, { ignoreChanges: ["contextHash"] });
      tag("pinned-tag", template("pinned-moving", { context: here }), {}, { ignoreChanges: ["buildId"] });`,
    after: `template("pinned", { context: here }, { ignoreChanges: ["contextHash"] });
      tag("pinned-tag", template("pinned-moving", { context: here }), {}, { ignoreChanges: ["buildId"] });`,
    edit: true,
    steps: { "pinned-moving": "update" },
    async updated({ state, templates, world }, created) {
      expect(templates.pinned).toEqual(created.templates.pinned);
      expect(await world.fileIn(world.ref("pinned"), "/hello.txt")).toBe("first\n");
      const [second, first] = templates["pinned-moving"]?.builds ?? [];
      expect(templates["pinned-moving"]?.tags).toEqual({ default: second, stable: first });
      expect(state("pinned-tag").outputs.buildId).toBe(first);
    },
  },
  {
    key: "fixed",
    title: 'ignoreChanges of "*" leaves a template as it was made, whatever the program says',
    before: `template("fixed", { context: here }, { ignoreChanges: ["*"] });`,
    after: `template("fixed", { context: here, env: { A: "1" }, tags: ["v2"], visibility: "public" }, { ignoreChanges: ["*"] });`,
    edit: true,
    steps: {},
    updated({ templates }, created) {
      expect(templates.fixed).toEqual(created.templates.fixed);
    },
  },
];
