import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { LANGUAGES, readChoosers } from "../../../site/pages/chooser.ts";
import { readFrontMatter } from "../../../site/pages/front-matter.ts";
import { faultsOf, type PackageSchema } from "./yaml-program.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const schema = JSON.parse(read("schema.json")) as PackageSchema;
const pages = globSync("docs/**/*.md", { cwd: root, exclude: ["docs/api/**"] });
const choosers = pages.flatMap((page) => readChoosers(read(page)).map((programs) => ({ page, programs })));
const REGISTRY = ["docs/_index.md", "docs/installation-configuration.md"];

describe("the pages of the Registry", () => {
  it.each(REGISTRY)("%s has the title, the description and the layout that the Registry asks for", (page) => {
    const { matter } = readFrontMatter(read(page));
    expect(matter.get("layout")).toBe("package");
    expect(matter.get("title")).toMatch(/^Nullspace/);
    expect(matter.get("meta_desc")!.length).toBeGreaterThan(40);
  });

  it("have every program in every language of Pulumi", () => {
    expect(choosers.length).toBeGreaterThanOrEqual(6);
    expect(new Set(choosers.map(({ page }) => page))).toEqual(
      new Set([...REGISTRY, ...["promotion", "secrets", "warm-pools"].map((name) => `docs/guides/${name}.md`)]),
    );
    for (const { page, programs } of choosers) {
      expect(
        programs.map(({ language }) => language),
        page,
      ).toEqual([...LANGUAGES.keys()]);
    }
  });

  it("name the settings that the provider has, and where each is looked up", () => {
    const rows = [
      ...read("docs/installation-configuration.md").matchAll(/^\| `nullspace:(\w+)`( \(secret\))? +\| (.*?) +\| /gm),
    ];
    const variables = Object.entries(schema.config.variables);
    expect(rows.map(([, name]) => name)).toEqual(variables.map(([name]) => name));
    for (const [, name, secret, variable] of rows) {
      const { secret: isSecret = false, description } = schema.config.variables[name!]!;
      expect(secret !== undefined, name).toBe(isSecret);
      expect(variable ?? "", name).toBe(/`NULLSPACE_\w+`/.exec(description)?.[0] ?? "");
    }
  });
});

describe("a program in C#", () => {
  it("names resources and properties of the schema", () => {
    const programs = choosers.map(({ programs }) => programs.find(({ tag }) => tag === "csharp")!.program);
    const made = programs.flatMap((program) =>
      [...program.matchAll(/new Nullspace\.(\w+)\("[\w-]+", new\(\)\n {4}\{\n([\s\S]*?)\n {4}\}/g)].map(
        ([, type, body]) => ({
          type: type!,
          names: [...body!.matchAll(/^ {8}(\w+) = /gm)].map(([, name]) => name!),
        }),
      ),
    );
    expect(made.length).toBeGreaterThanOrEqual(programs.length);
    for (const { type, names } of made) {
      const known = type === "Provider" ? schema.provider : schema.resources[`nullspace:index:${type}`];
      const inputs = Object.keys(known?.inputProperties ?? {}).map((name) => name[0]!.toUpperCase() + name.slice(1));
      expect(names.length, type).toBeGreaterThan(0);
      expect(
        names.filter((name) => !inputs.includes(name)),
        type,
      ).toEqual([]);
    }
  });
});

const yamlPrograms = [
  ...choosers.map(({ page, programs }) => ({ page, program: programs.find(({ tag }) => tag === "yaml")!.program })),
  { page: "templates/nullspace-yaml/Pulumi.yaml", program: read("templates/nullspace-yaml/Pulumi.yaml") },
];

describe("a program in YAML", () => {
  it.each(yamlPrograms)("has the types, properties and values of the schema: $page", ({ program }) => {
    expect(faultsOf(parse(program), schema)).toEqual([]);
  });

  it("is held against it", () => {
    const program = (properties: Record<string, unknown>, extra = {}) => ({
      resources: { pool: { type: "nullspace:WarmPool", properties } },
      ...extra,
    });
    const good = { template: "web", minReady: 1, maxReady: 2 };
    expect(faultsOf(program(good, { outputs: { id: "${pool.poolId}" } }), schema)).toEqual([]);
    expect(faultsOf(program({ template: "web", minReady: 1, maxReady: 2, size: 3 }), schema)).toEqual([
      "pool.size: no such property",
    ]);
    expect(faultsOf(program({ template: "web" }), schema)).toEqual([
      "pool: minReady is missing",
      "pool: maxReady is missing",
    ]);
    expect(faultsOf(program({ ...good, versionPolicy: "newest" }), schema)).toEqual([
      "pool.versionPolicy: newest is none of pinned_build, track_tag",
    ]);
    expect(faultsOf(program({ ...good, minReady: "one" }), schema)).toEqual(["pool.minReady: one is no integer"]);
    expect(faultsOf(program(good, { outputs: { id: "${pool.name2}" } }), schema)).toEqual([
      "${pool.name2}: no such output",
    ]);
    expect(faultsOf({ resources: { web: { type: "nullspace:Pool" } } }, schema)).toEqual([
      "web: no type nullspace:Pool",
    ]);
  });
});
