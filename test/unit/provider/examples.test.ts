import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkInputs } from "../../../provider/core/check-inputs.ts";
import { UNKNOWN } from "../../../provider/core/unknown.ts";
import { controllers } from "../../../provider/controllers.ts";
import { functions } from "../../../provider/generated/functions.ts";
import { parseErrors } from "../../languages/support/csharp/parse-errors.ts";

const repo = join(import.meta.dirname, "../../..");

interface Program {
  resources?: Record<string, { type: string; properties: Record<string, unknown> }>;
  variables?: Record<string, { "fn::invoke": { function: string; arguments: Record<string, unknown> } }>;
}

const programs = globSync("docs/registry/examples/*/Pulumi.yaml", { cwd: repo }).map((path) => ({
  name: basename(dirname(path)),
  program: parse(readFileSync(join(repo, path), "utf8")) as Program,
}));

describe("the examples of the Registry", () => {
  it("are one for each source", () => {
    const sources = globSync("provider/core/*/examples/*.pp", { cwd: repo });
    expect(programs).toHaveLength(sources.length);
    expect(sources.length).toBeGreaterThanOrEqual(10);
  });

  // In the other languages, the project `languages` compiles them or runs them.
  it("are C# in the eyes of a parser that is not Pulumi's", async () => {
    const files = globSync("docs/registry/examples/*/Program.cs", { cwd: repo }).map((path) => join(repo, path));
    expect(files).toHaveLength(programs.length);
    expect(await parseErrors(files)).toEqual([]);
  });

  it.each(programs)("give what Check takes: $name", ({ program }) => {
    const own = Object.values(program.resources ?? {}).filter(({ type }) => type.startsWith("nullspace:"));
    const asked = Object.values(program.variables ?? {}).map((variable) => variable["fn::invoke"]);
    expect(own.length + asked.length).toBeGreaterThan(0);
    for (const { type, properties } of own) {
      const { inputs } = controllers[type.slice("nullspace:".length)]!;
      expect(checkInputs(inputs, withUnknowns(properties) as Record<string, unknown>).failures).toEqual([]);
    }
    for (const { function: name, arguments: args } of asked) {
      const { inputs } = functions.find((one) => `nullspace:${one.name}` === name)!;
      expect(checkInputs(inputs, args).failures).toEqual([]);
    }
  });
});

/** What comes from another resource or from the settings is not known in a preview. */
function withUnknowns(value: unknown): unknown {
  if (typeof value === "string") return value.includes("${") ? UNKNOWN : value;
  if (Array.isArray(value)) return value.map((one) => withUnknowns(one));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withUnknowns(one)]));
}
