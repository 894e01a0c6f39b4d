import { expect } from "vitest";
import { runEngine } from "../support/engine-events.ts";
import type { Row } from "../sequences/support/rows.ts";
import type { Stack } from "../sequences/support/stack.ts";
import { link } from "./template-inputs.ts";

/** A preview that must be refused. @returns what it said */
export async function refusedPreview({ project }: Stack): Promise<string> {
  const { exitCode, said } = await runEngine(project, "preview");
  expect(exitCode, said).not.toBe(0);
  // One message for the user, not the trace of an error.
  expect(said).not.toMatch(/^\s+at /m);
  return said;
}

/** What a preview refuses already, with a message that says what to do. No update is ever begun. */
export const REFUSALS: Row[] = [
  {
    title: "symlinks: a link with error, one that leads out of the context and a dead one are refused in the preview",
    async play({ stack: make, world }) {
      const stack = await make();
      link(stack, "app/inside", "hello.txt");
      stack.program(`template("web", { symlinks: "error" });`);
      expect(await refusedPreview(stack)).toMatch(/symlinks.*inside is a symbolic link.*"copy".*"skip"/);
      link(stack, "app/outside", "../two/hello.txt");
      stack.program(`template("web");`);
      expect(await refusedPreview(stack)).toMatch(
        /symlinks.*outside is a symbolic link to \.\.\/two\/hello\.txt, .*outside of the context.*symlinks: "skip"/,
      );
      link(stack, "two/dead", "nowhere");
      stack.program(`template("web", { context: "./two" });`);
      expect(await refusedPreview(stack)).toMatch(/symlinks.*dead is a symbolic link to nothing.*symlinks: "skip"/);
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "namespace, of a Template and of the settings: one that is not the key's is refused in the preview",
    async play({ stack: make, world }) {
      const stack = await make();
      const refusal =
        /the namespace elsewhere is not that of the API key at http.*Use a key of elsewhere, or take namespace out/;
      stack.program(`template("web", { namespace: "elsewhere" });`);
      const ofTemplate = await refusedPreview(stack);
      expect(ofTemplate).toMatch(refusal);
      expect(ofTemplate).toMatch(/property namespace/);

      await stack.project.ok("config", "set", "nullspace:namespace", "elsewhere");
      stack.program(`template("web");
        nullspace.getTemplates({}).catch(({ message }) => pulumi.log.warn("the function says: " + message));`);
      const ofSettings = await refusedPreview(stack);
      const [function_, resource] = [
        /the function says: .*/.exec(ofSettings)?.[0],
        /error: .*Template.*/.exec(ofSettings)?.[0],
      ];
      expect(function_).toMatch(refusal);
      expect(resource).toMatch(refusal);
      expect(await world.leftovers(["web"])).toEqual([]);
    },
  },
  {
    title: "wrong settings, and pulumi:autonaming without names: a preview says which one is wrong, and what it takes",
    async play({ stack: make, world, shell }) {
      const stack = await make();
      const set = (key: string, value: string) => stack.project.ok("config", "set", "--path", key, value);
      stack.program(`template("web"); template("two", { context: "./two" });`);
      await set("nullspace:maxRetries", "often");
      expect(await refusedPreview(stack)).toMatch(/maxRetries.*"often"/);
      await set("nullspace:maxRetries", "0");
      await set("nullspace:operationTimeoutMinutes", "0");
      await set("nullspace:apiUrl", "ftp://nowhere");
      const said = await refusedPreview(stack);
      expect(said).toMatch(/apiUrl.*"ftp:\/\/nowhere": must be an address such as http:\/\/localhost:3000/);
      // A dynamic provider says the first one.
      if (shell === "plugin") expect(said).toMatch(/operationTimeoutMinutes/);

      for (const key of ["operationTimeoutMinutes", "apiUrl"])
        await stack.project.ok("config", "rm", `nullspace:${key}`);
      await set("pulumi:autonaming.mode", "disabled");
      stack.program(`template("web", { name: undefined });`);
      expect(await refusedPreview(stack)).toMatch(/name.*give a name.*pulumi:autonaming/);
      expect(await world.leftovers(["web", "two"])).toEqual([]);
    },
  },
];
