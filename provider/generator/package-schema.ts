import { renderExamples, type ExampleProgram } from "./examples.ts";
import type { FunctionModel } from "./functions.ts";
import type { Controller } from "../core/controller.ts";
import { ProviderConfig } from "../core/provider-config.ts";
import { fileName } from "./file-name.ts";
import { mergeKinds } from "./merged-kinds.ts";
import {
  modelProperties,
  isAlwaysThere,
  modelResource,
  type ObjectModel,
  type PropertyModel,
  type ResourceModel,
  type TypeModel,
} from "./type-model.ts";

type Json = Record<string, unknown>;

/** Facts of `package.json` that the schema repeats. */
export interface PackageFacts {
  version: string;
  keywords: string[];
  license: string;
  /** Address of the repository at GitHub, as people open it. */
  homepage: string;
}

/** Package of the SDK that is generated for Node. The one that is written by hand is `pulumi-nullspace`. */
export const GENERATED_NODE_PACKAGE = "@nullspace/pulumi";

/** The package schema, from which Pulumi makes SDKs for every language and the pages of its registry. */
export function renderPackageSchema(
  facts: PackageFacts,
  controllers: readonly Controller[],
  functions: readonly FunctionModel[],
  examples: ReadonlyMap<string, readonly ExampleProgram[]>,
): Json {
  const examplesOf = (name: string) => renderExamples(examples.get(name) ?? []);
  const types: Json = {};
  const resources = controllers.map((controller) => {
    const model = mergeKinds(modelResource(controller));
    noteObjects(model.objects, types);
    const outputs = [...model.inputs, ...model.outputs];
    const always = outputs.filter((property) => isAlwaysThere(property));
    return [
      token(model.name),
      {
        description: [model.description, examplesOf(model.name), importSection(model)].join("\n\n"),
        properties: properties(
          outputs.map(({ default: _default, ...property }) => ({ ...property, type: asOutput(property.type) })),
          types,
        ),
        required: always.map(({ name }) => name),
        inputProperties: properties(model.inputs, types),
        requiredInputs: model.inputs.filter(({ required }) => required).map(({ name }) => name),
      },
    ];
  });
  const asked = functions.map((each) => {
    const { name, description, inputs, outputs, objects } = mergeKinds(each);
    noteObjects(objects, types);
    const object = (models: readonly PropertyModel[]) => ({
      properties: properties(models, types),
      required: models.filter(({ required }) => required).map((model) => model.name),
    });
    return [
      token(name),
      { description: `${description}\n\n${examplesOf(name)}`, inputs: object(inputs), outputs: object(outputs) },
    ];
  });
  const config = properties(modelProperties(ProviderConfig, new Map()), types);
  return {
    name: "nullspace",
    displayName: "Nullspace",
    version: facts.version,
    description:
      "Sandbox templates of a Nullspace service as code, with their tags, aliases and warm pools of machines.",
    keywords: facts.keywords,
    license: facts.license,
    publisher: "Nullspace",
    homepage: facts.homepage,
    repository: facts.homepage,
    logoUrl: facts.homepage.replace("//github.com", "//raw.githubusercontent.com") + "/main/docs/pictures/logo.svg",
    pluginDownloadURL: facts.homepage.replace("https://github.com", "github://api.github.com"),
    meta: { moduleFormat: "(.*)" },
    language: languages(facts),
    config: { variables: config },
    provider: {
      description: "The connection to a Nullspace service.",
      inputProperties: config,
      properties: config,
    },
    types: Object.fromEntries(Object.entries(types).sort(([left], [right]) => (left < right ? -1 : 1))),
    resources: Object.fromEntries(resources),
    functions: Object.fromEntries(asked),
  };
}

/** What the code generators of each language are told. */
function languages({ homepage }: PackageFacts): Json {
  const readme = `Resources of Nullspace: sandbox templates, tags, aliases and warm pools. See ${homepage}.`;
  const goModule = `${homepage.replace("https://", "")}/sdk/go`;
  return {
    nodejs: {
      packageName: GENERATED_NODE_PACKAGE,
      readme,
      respectSchemaVersion: true,
      dependencies: { "@pulumi/pulumi": "^3.165.0" },
    },
    python: {
      packageName: "pulumi_nullspace",
      readme,
      respectSchemaVersion: true,
      pyproject: { enabled: true },
      requires: { pulumi: ">=3.165.0,<4.0.0" },
    },
    go: {
      importBasePath: `${goModule}/nullspace`,
      modulePath: goModule,
      respectSchemaVersion: true,
      generateResourceContainerTypes: true,
    },
    csharp: { respectSchemaVersion: true, packageReferences: { Pulumi: "3.*" } },
    java: {
      basePackage: "dev.nullspace.pulumi",
      buildFiles: "gradle",
      gradleNexusPublishPluginVersion: "2.0.0",
      dependencies: {
        "com.pulumi:pulumi": "1.12.0",
        "com.google.code.gson:gson": "2.8.9",
        "com.google.code.findbugs:jsr305": "3.0.2",
      },
    },
  };
}

function importSection({ name, importId }: ResourceModel): string {
  return [
    "## Import",
    "",
    `The ID is ${importId.form}:`,
    "",
    "```sh",
    `$ pulumi import ${token(name)} ${fileName(name)} ${importId.example}`,
    "```",
    "",
  ].join("\n");
}

function noteObjects(objects: ReadonlyMap<string, ObjectModel>, types: Json): void {
  for (const object of objects.values()) {
    types[token(object.name)] = {
      type: "object",
      description: object.description,
      properties: properties(object.properties, types),
      required: object.properties.filter(({ required }) => required).map(({ name }) => name),
    };
  }
}

function properties(models: readonly PropertyModel[], types: Json): Json {
  return Object.fromEntries(
    models.map((property) => [
      property.name,
      {
        ...typeSpec(property.type, types),
        ...(property.description === "" ? {} : { description: property.description }),
        // The schema has defaults for plain values only; the provider fills in the others.
        ...(property.default === undefined || Array.isArray(property.default) ? {} : { default: property.default }),
        ...(property.secret ? { secret: true } : {}),
      },
    ]),
  );
}

function typeSpec(type: TypeModel, types: Json): Json {
  switch (type.kind) {
    case "any":
      return { $ref: "pulumi.json#/Any" };
    case "array":
      return { type: "array", items: typeSpec(type.items, types) };
    case "map":
      return { type: "object", additionalProperties: typeSpec(type.values, types) };
    case "constant":
      return { type: "string", const: type.value };
    case "enum":
      types[token(type.name)] = {
        type: "string",
        description: type.description,
        enum: type.values.map((value) => ({ name: constantOf(value), value, description: type.meanings[value] })),
      };
      // Plain strings are taken, too: a service may know more values, and Pulumi's examples in Java have no constants.
      return { oneOf: [{ type: "string" }, { $ref: typeRef(type.name) }] };
    case "object":
      return { $ref: typeRef(type.name) };
    case "union":
      throw new Error(`${type.members.join(" or ")}: the schema has one type for several kinds`);
    default:
      return { type: type.kind };
  }
}

/** Of a choice a string: an output may be one that this version does not know. */
function asOutput(type: TypeModel): TypeModel {
  return type.kind === "enum" ? { kind: "string" } : type;
}

/** `track_tag` as `TrackTag`. */
function constantOf(value: string): string {
  return value.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function token(name: string): string {
  return `nullspace:index:${name}`;
}

function typeRef(name: string): string {
  return `#/types/${token(name)}`;
}
