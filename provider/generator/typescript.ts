import {
  isAlwaysThere,
  type ObjectModel,
  type PropertyModel,
  type ResourceModel,
  type TypeModel,
} from "./type-model.ts";

export const HEADER = "// Made by `npm run generate` from the schemas in provider/core: change those, not this.";

/** Module of the object types that several resources have. */
export const SHARED_FILE = "shared-objects.ts";

/** The object types that more than one of the resources has. */
export function sharedObjects(models: readonly ResourceModel[]): ObjectModel[] {
  const all = new Map(models.flatMap(({ objects }) => [...objects]));
  return [...all.values()].filter(({ name }) => models.filter(({ objects }) => objects.has(name)).length > 1);
}

/** A TypeScript module with object types that several resources have. */
export function renderSharedObjects(shared: readonly ObjectModel[]): string {
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    ...shared.flatMap((object) => [renderObject(object, "Args"), renderObject(object, "")]),
    "",
  ].join("\n");
}

/**
 * A TypeScript module with the types of a resource: `…Args`, `…State`, `…Outputs`. Written out rather than inferred from
 * zod, so that a user's compiler reads plain interfaces, whatever its version.
 *
 * @param shared object types that have a module of their own, because several resources have them
 */
export function renderResourceTypes(model: ResourceModel, shared: readonly ObjectModel[]): string {
  const outputs = [...model.inputs, ...model.outputs];
  const { name } = model;
  const own = [...model.objects.values()].filter((object) => !shared.some((one) => one.name === object.name));
  const others = shared
    .filter((object) => model.objects.has(object.name))
    .flatMap(({ name: one }) => [`${one}Args`, one]);
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    'import type { ResourceProperties } from "../../classes/resource-properties.ts";',
    ...(others.length === 0 ? [] : [`import type { ${others.join(", ")} } from "./${SHARED_FILE}";`]),
    ...own.flatMap((object) => [renderObject(object, "Args"), renderObject(object, "")]),
    `/** Inputs of a {@link ${name}}. */`,
    `export interface ${name}Args {`,
    ...model.inputs.map((property) => member(property, inputType(property.type), !property.required)),
    "}",
    `/** What may be given to look up a {@link ${name}} by its ID. */`,
    `export interface ${name}State {`,
    ...outputs.map((property) => member(property, inputType(property.type), true)),
    "}",
    `/** What a {@link ${name}} has. */`,
    `export interface ${name}Outputs {`,
    ...outputs.map((property) => {
      const type = plainType(property.type) + (isAlwaysThere(property) ? "" : " | undefined");
      return member(property, `pulumi.Output<${type}>`, false, "readonly ");
    }),
    "}",
    `/** Names of the properties of a {@link ${name}}. @internal */`,
    `export const ${constantName(name)}_PROPERTIES: ResourceProperties = ${JSON.stringify({
      inputs: model.inputs.map((property) => property.name),
      outputs: model.outputs.map((property) => property.name),
      secrets: outputs.filter(({ secret }) => secret).map((property) => property.name),
    })};`,
    "",
  ].join("\n");
}

export function renderObject(object: ObjectModel, suffix: "Args" | ""): string {
  const type = suffix === "Args" ? inputType : plainType;
  return [
    doc(object.description) + `export interface ${object.name}${suffix} {`,
    ...object.properties.map((property) => {
      const optional = !property.required && (suffix === "Args" || property.default === undefined);
      return member(property, type(property.type), optional);
    }),
    "}",
  ].join("\n");
}

export function member(
  { name, description }: PropertyModel,
  type: string,
  optional: boolean,
  modifier: "" | "readonly " = "",
): string {
  return `${doc(description)}${modifier}${name}${optional ? "?" : ""}: ${type};`;
}

/** An input that may be left out, as a member of an interface. */
export function renderMember(property: PropertyModel): string {
  return member(property, inputType(property.type), true);
}

export function doc(text: string): string {
  if (text === "") return "";
  const [, meaning = "", value] = /^(.*?)(?:(?:^|\s)Default:? (\S.*)\.)?$/s.exec(text.replaceAll("*/", "*\\/"))!;
  if (value === undefined) return `/** ${meaning} */\n`;
  return meaning === "" ? `/** @default ${value} */\n` : `/**\n * ${meaning}\n *\n * @default ${value}\n */\n`;
}

/** A type whose every part may be an output of another resource. */
export function inputType(type: TypeModel): string {
  switch (type.kind) {
    case "array":
      return `pulumi.Input<${inputType(type.items)}[]>`;
    case "map":
      return `pulumi.Input<{ [key: string]: ${inputType(type.values)} }>`;
    case "object":
      return `pulumi.Input<${type.name}Args>`;
    case "union":
      return `pulumi.Input<${type.members.map((name) => `${name}Args`).join(" | ")}>`;
    case "constant":
      return plainType(type);
    default:
      return `pulumi.Input<${plainType(type)}>`;
  }
}

export function plainType(type: TypeModel): string {
  switch (type.kind) {
    case "any":
      return "unknown";
    case "integer":
      return "number";
    case "array":
      return `Array<${plainType(type.items)}>`;
    case "map":
      return `{ [key: string]: ${plainType(type.values)} }`;
    case "enum":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "constant":
      return JSON.stringify(type.value);
    case "object":
      return type.name;
    case "union":
      return type.members.join(" | ");
    default:
      return type.kind;
  }
}

/** `TemplateTag` as `TEMPLATE_TAG`. */
export function constantName(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}
