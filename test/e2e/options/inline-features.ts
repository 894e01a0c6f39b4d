import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Row } from "../sequences/support/rows.ts";
import type { Stack } from "../sequences/support/stack.ts";
import { runInline } from "./inline-program.ts";

/** Hooks write a line each: when, of which resource, and the build that it has by then. */
const HOOKS = `
  const { appendFileSync } = require("node:fs");
  const note = (when) => ({ name, newOutputs, oldOutputs }) =>
    appendFileSync("hooks.log", [when, name, (newOutputs ?? oldOutputs ?? {}).buildId ?? "-"].join(" ") + "\\n");
  const named = (when) => new pulumi.ResourceHook(when, note(when));
  const hooks = {
    beforeCreate: [note("beforeCreate")], afterCreate: [note("afterCreate")],
    beforeUpdate: [note("beforeUpdate")], afterUpdate: [note("afterUpdate")],
    beforeDelete: [named("beforeDelete")], afterDelete: [named("afterDelete")],
  };`;

/** The lines that hooks have written since the last look. */
function notes({ project }: Stack): string[] {
  const lines = readFileSync(join(project.dir, "program", "hooks.log"), "utf8")
    .trim()
    .split("\n");
  project.write("hooks.log", "");
  return lines;
}

/** What needs a program that talks to the engine itself. */
export const INLINE_FEATURES: Row[] = [
  {
    // No secret in what is transformed: in an inline program @pulumi/pulumi 3.265 calls transforms outside the program's own
    // context, and forgets there that a value is secret.
    title: "hooks and a stack's transforms: called around each operation, with the outputs of before and after",
    async play({ stack: make, world }) {
      const stack = await make();
      const program = (version: number) =>
        stack.program(`${HOOKS}
          pulumi.runtime.registerResourceTransform(({ name, props, opts }) =>
            name === "two" ? { props: { ...props, tags: ["default", "v${version}"] }, opts } : undefined);
          template("web", { env: { VERSION: "${version}" } }, { hooks }); template("two", { context: "./two", buildArgs: { BASE_IMAGE: BASE.BASE_IMAGE } });`);
      program(1);
      await runInline(stack.project, "up");
      const first = (await world.template("web")).builds[0];
      expect(notes(stack)).toEqual(["beforeCreate web -", `afterCreate web ${first}`]);
      expect(Object.keys((await world.template("two")).tags)).toEqual(["default", "v1"]);

      program(2);
      const steps = { web: "update", two: "update" };
      expect((await runInline(stack.project, "preview")).steps).toEqual(steps);
      expect((await runInline(stack.project, "up")).steps).toEqual(steps);
      const [second] = (await world.template("web")).builds;
      expect(notes(stack)).toEqual([`beforeUpdate web ${first}`, `afterUpdate web ${second}`]);
      expect(Object.keys((await world.template("two")).tags)).toEqual(["default", "v2"]);
      expect((await runInline(stack.project, "up")).steps).toEqual({});

      await runInline(stack.project, "destroy", { runProgram: true });
      expect(notes(stack)).toEqual([`beforeDelete web ${second}`, `afterDelete web ${second}`]);
      expect(await world.leftovers(["web", "two"])).toEqual([]);
    },
  },
  {
    title: "an error hook that frees the name lets the same update take it",
    async play({ stack: make, world }) {
      const stack = await make();
      const byHand = await world.build("web", "by hand", ["default", "stable"]);
      stack.program(`
        const { NullspaceClient } = require("pulumi-nullspace/sdk");
        const free = new pulumi.ErrorHook("free", async ({ failedOperation, errors }) => {
          if (failedOperation !== "create" || !/exists already/.test(errors.join())) return false;
          const client = new NullspaceClient();
          await client.templates.delete("local/" + own("web"));
          await client.close();
          return true;
        });
        template("web", {}, { hooks: { onError: [free] } });`);
      expect((await runInline(stack.project, "up")).steps).toEqual({ web: "create" });
      const { builds } = await world.template("web");
      expect(builds).toHaveLength(1);
      expect(builds).not.toContain(byHand);
      expect((await runInline(stack.project, "up")).steps).toEqual({});
      await runInline(stack.project, "destroy");
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
];
