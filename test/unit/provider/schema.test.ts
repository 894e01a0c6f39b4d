import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { checkInputs } from "../../../provider/core/check-inputs.ts";
import { controllers } from "../../../provider/controllers.ts";
import { effectsOf } from "../../../provider/core/input-facts.ts";
import { secretProperties } from "../../../provider/core/secret-properties.ts";
import * as resources from "../../../provider/generated/types/index.ts";

const repo = join(import.meta.dirname, "../../..");

interface Property {
  description?: string;
  default?: unknown;
  secret?: boolean;
  $ref?: string;
}
interface Schema {
  name: string;
  version: string;
  keywords: string[];
  language: { nodejs: { packageName: string } };
  config: { variables: Record<string, Property> };
  provider: { inputProperties: Record<string, Property> };
  types: Record<string, Property & { properties?: Record<string, Property>; enum?: Property[] }>;
  functions: Record<
    string,
    {
      description: string;
      inputs: { properties: Record<string, Property> };
      outputs: { properties: Record<string, Property> };
    }
  >;
  resources: Record<
    string,
    {
      description: string;
      properties: Record<string, Property>;
      required: string[];
      inputProperties: Record<string, Property>;
      requiredInputs: string[];
    }
  >;
}

const schema = JSON.parse(readFileSync(join(repo, "schema.json"), "utf8")) as Schema;

describe("schema.json", () => {
  it("is what the schemas say today, and so are the resources' types", { timeout: 60_000 }, async () => {
    const run = promisify(execFile)(
      process.execPath,
      ["--conditions=nullspace-source", "scripts/generate.ts", "--check"],
      { cwd: repo },
    );
    expect((await run).stdout).toContain("up to date");
  });

  it("describes every resource, function, type, property, member, choice and setting", () => {
    const described = [
      ...Object.values(schema.resources).flatMap((resource) => [
        resource,
        ...Object.values(resource.properties),
        ...Object.values(resource.inputProperties),
      ]),
      ...Object.values(schema.functions).flatMap((one) => [
        one,
        ...Object.values(one.inputs.properties),
        ...Object.values(one.outputs.properties),
      ]),
      ...Object.values(schema.types).flatMap((type) => [
        type,
        ...Object.values(type.properties ?? {}),
        ...(type.enum ?? []),
      ]),
      ...Object.values(schema.config.variables),
    ];
    expect(described.length).toBeGreaterThan(250);
    expect(described.filter(({ description }) => !/^\S[\s\S]*[.:`}\n]$/.test(description ?? ""))).toEqual([]);
  });

  it("shows every resource and function in every language, and every resource's import", () => {
    const languages = ["typescript", "python", "go", "csharp", "java", "yaml"];
    for (const [token, { description }] of [...Object.entries(schema.resources), ...Object.entries(schema.functions)]) {
      const shown = description.split("{{% example %}}").slice(1);
      expect(shown.length, token).toBeGreaterThan(0);
      for (const example of shown) {
        const blocks = [...example.matchAll(/^```(\w+)\n(\S[\s\S]*?)^```$/gm)].map(([, language]) => language);
        expect(blocks.filter((language) => language !== "sh")).toEqual(languages);
      }
    }
    for (const [token, { description }] of Object.entries(schema.resources)) {
      expect(description).toMatch(new RegExp(`^## Import\n[\\s\\S]*^\\$ pulumi import ${token} \\S+ \\S+$`, "m"));
    }
  });

  it("has nothing that a language has no type for", () => {
    // A union of objects is `object` in Go, C# and Java.
    const unions = [...JSON.stringify(schema).matchAll(/"oneOf":(\[.*?\])/g)].map(
      ([, text]) => JSON.parse(text!) as { type?: string; $ref?: string }[],
    );
    expect(unions.length).toBeGreaterThan(0);
    for (const [first, second, ...more] of unions) {
      expect([first, more]).toEqual([{ type: "string" }, []]);
      expect(schema.types[second!.$ref!.slice("#/types/".length)]!.enum).toBeDefined();
    }
  });

  it("says who publishes it and where it is, as package.json does", () => {
    const { version, homepage, repository, keywords } = JSON.parse(
      readFileSync(join(repo, "package.json"), "utf8"),
    ) as { version: string; homepage: string; repository: { url: string }; keywords: string[] };
    expect(repository.url).toBe(`git+${homepage}.git`);
    expect(schema).toMatchObject({ version, homepage, repository: homepage, keywords, publisher: "Nullspace" });
    const [, owner, name] = new URL(homepage).pathname.split("/");
    expect(schema).toMatchObject({ pluginDownloadURL: `github://api.github.com/${owner}/${name}` });
    const { logoUrl } = schema as unknown as { logoUrl: string };
    const logo = readFileSync(join(repo, logoUrl.slice(logoUrl.indexOf("/main/") + "/main/".length)), "utf8");
    expect(logo).toMatch(/^<svg /);
  });

  it.each(Object.entries(controllers))("says of %s what its Check does", (type, controller) => {
    const resource = schema.resources[`nullspace:index:${type}`]!;
    expect(Object.keys(resource.inputProperties)).toEqual(Object.keys(controller.inputs.shape));
    expect(Object.keys(effectsOf(controller.inputs))).toEqual(Object.keys(controller.inputs.shape));
    const missing = checkInputs(controller.inputs, {}).failures.map(({ property }) => property);
    expect(resource.requiredInputs).toEqual(missing);
    const defaults = checkInputs(controller.inputs, {}).inputs;
    for (const [name, property] of Object.entries(resource.inputProperties)) {
      if (property.default !== undefined) expect([name, property.default]).toEqual([name, defaults[name]]);
    }
    const secrets = Object.keys(resource.properties).filter((name) => resource.properties[name]!.secret);
    expect(secrets).toEqual(secretProperties(controller));
  });

  it("marks the key of the provider as a secret", () => {
    expect(schema.config.variables.apiKey?.secret).toBe(true);
    expect(schema.provider.inputProperties).toEqual(schema.config.variables);
  });

  it("refers only to types that it has", () => {
    const refs = JSON.stringify(schema).match(/#\/types\/[^"]+/g) ?? [];
    expect(refs.map((ref) => ref.slice("#/types/".length)).filter((name) => !(name in schema.types))).toEqual([]);
  });

  it("is found in the registry by its kind", () => {
    expect(schema).toMatchObject({ name: "nullspace", displayName: "Nullspace" });
    expect(schema.keywords).toEqual(expect.arrayContaining(["category/infrastructure", "kind/native"]));
  });

  it("gives the SDK that is generated for Node another name than the one that is written by hand", () => {
    const own = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as { name: string };
    expect(schema.language.nodejs.packageName).not.toBe(own.name);
  });

  it("names the same properties as the classes register", () => {
    const names = (type: string) => schema.resources[`nullspace:index:${type}`]!;
    expect(resources.TEMPLATE_PROPERTIES.inputs).toEqual(Object.keys(names("Template").inputProperties));
    expect(resources.WARM_POOL_PROPERTIES.inputs).toEqual(Object.keys(names("WarmPool").inputProperties));
    expect([...resources.TEMPLATE_TAG_PROPERTIES.inputs, ...resources.TEMPLATE_TAG_PROPERTIES.outputs]).toEqual(
      Object.keys(names("TemplateTag").properties),
    );
  });
});
