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
  keywords: string[];
  language: { nodejs: { packageName: string } };
  config: { variables: Record<string, Property> };
  provider: { inputProperties: Record<string, Property> };
  types: Record<string, { properties?: Record<string, Property>; enum?: unknown[] }>;
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

  it("describes every resource, property and setting", () => {
    const described = [
      ...Object.values(schema.resources).flatMap((resource) => [
        resource,
        ...Object.values(resource.properties),
        ...Object.values(resource.inputProperties),
      ]),
      ...Object.values(schema.config.variables),
    ];
    expect(described.filter(({ description }) => !description)).toEqual([]);
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
    expect(schema).toMatchObject({ name: "nullspace", language: { nodejs: { packageName: "pulumi-nullspace" } } });
    expect(schema.keywords).toEqual(expect.arrayContaining(["category/infrastructure", "kind/native"]));
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
