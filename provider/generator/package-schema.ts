import type { FunctionModel } from "./functions.ts";
import type { Controller } from "../core/controller.ts";
import { ProviderConfig } from "../core/provider-config.ts";
import {
  modelProperties,
  isAlwaysThere,
  modelResource,
  type ObjectModel,
  type PropertyModel,
  type TypeModel,
} from "./type-model.ts";

type Json = Record<string, unknown>;

/** Facts of the package that its schema repeats. */
export interface PackageFacts {
  name: string;
  version: string;
  description: string;
  license: string;
  homepage?: string;
  repository?: string;
}

/** The package schema, from which Pulumi makes SDKs for every language and the pages of its registry. */
export function renderPackageSchema(
  facts: PackageFacts,
  controllers: readonly Controller[],
  functions: readonly FunctionModel[],
): Json {
  const types: Json = {};
  const resources = controllers.map((controller) => {
    const model = modelResource(controller);
    noteObjects(model.objects, types);
    const outputs = [...model.inputs, ...model.outputs];
    const always = outputs.filter((property) => isAlwaysThere(property));
    return [
      token(model.name),
      {
        description: model.description,
        properties: properties(
          outputs.map(({ default: _default, ...property }) => property),
          types,
        ),
        required: always.map(({ name }) => name),
        inputProperties: properties(model.inputs, types),
        requiredInputs: model.inputs.filter(({ required }) => required).map(({ name }) => name),
      },
    ];
  });
  const asked = functions.map(({ name, description, inputs, outputs, objects }) => {
    noteObjects(objects, types);
    const object = (models: readonly PropertyModel[]) => ({
      properties: properties(models, types),
      required: models.filter(({ required }) => required).map((model) => model.name),
    });
    return [token(name), { description, inputs: object(inputs), outputs: object(outputs) }];
  });
  const config = properties(modelProperties(ProviderConfig, new Map()), types);
  return {
    name: "nullspace",
    displayName: "Nullspace",
    version: facts.version,
    description: facts.description,
    keywords: ["pulumi", "nullspace", "sandbox", "template", "category/infrastructure", "kind/native"],
    license: facts.license,
    ...(facts.homepage === undefined ? {} : { homepage: facts.homepage }),
    ...(facts.repository === undefined ? {} : { repository: facts.repository }),
    meta: { moduleFormat: "(.*)" },
    language: {
      nodejs: { packageName: facts.name, respectSchemaVersion: true },
      python: { packageName: "pulumi_nullspace", respectSchemaVersion: true, pyproject: { enabled: true } },
      go: { respectSchemaVersion: true, generateResourceContainerTypes: true },
      csharp: { respectSchemaVersion: true },
      java: {},
    },
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
      types[token(type.name)] = { type: "string", enum: type.values.map((value) => ({ value })) };
      return { $ref: typeRef(type.name) };
    case "object":
      return { $ref: typeRef(type.name) };
    case "union":
      return {
        oneOf: type.members.map((name) => ({ $ref: typeRef(name) })),
        discriminator: { propertyName: type.discriminator },
      };
    default:
      return { type: type.kind };
  }
}

function token(name: string): string {
  return `nullspace:index:${name}`;
}

function typeRef(name: string): string {
  return `#/types/${token(name)}`;
}
