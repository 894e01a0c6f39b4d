import type { ProviderFunction } from "../core/provider-function.ts";
import type { Shell } from "./classes.ts";
import { modelProperties, type ObjectModel, type PropertyModel } from "./type-model.ts";
import { HEADER, inputType, member, plainType, renderObject } from "./typescript.ts";

/** A function as its types are rendered. */
export interface FunctionModel extends Pick<ProviderFunction, "name" | "description" | "example"> {
  inputs: PropertyModel[];
  outputs: PropertyModel[];
  objects: Map<string, ObjectModel>;
}

/** Reads a function's types from its schemas. */
export function modelFunction({ name, description, example, inputs, outputs }: ProviderFunction): FunctionModel {
  const objects = new Map<string, ObjectModel>();
  return {
    name,
    description,
    example,
    inputs: modelProperties(inputs, objects),
    outputs: modelProperties(outputs, objects),
    objects,
  };
}

/** A TypeScript module with what the functions are given and give. */
export function renderFunctionTypes(models: readonly FunctionModel[]): string {
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    ...models.flatMap(({ name, inputs, outputs, objects }) => [
      ...[...objects.values()].map((object) => renderObject(object, "")),
      `/** What {@link ${name}} is asked. */`,
      `export interface ${typeName(name)}Args {`,
      ...inputs.map((property) => member(property, plainType(property.type), !property.required)),
      "}",
      `/** The same, of outputs of resources as well. */`,
      `export interface ${typeName(name)}OutputArgs {`,
      ...inputs.map((property) => member(property, inputType(property.type), !property.required)),
      "}",
      `/** What {@link ${name}} gives. */`,
      `export interface ${typeName(name)}Result {`,
      ...outputs.map((property) => member(property, plainType(property.type), !property.required, "readonly ")),
      "}",
    ]),
    "",
  ].join("\n");
}

/** A TypeScript module with the functions as a program calls them, in one of the shells. */
export function renderFunctions(models: readonly FunctionModel[], shell: Shell): string {
  const types = models.flatMap(({ name }) => ["Args", "OutputArgs", "Result"].map((part) => typeName(name) + part));
  const caller = shell === "native" ? ["invoke", "invokeOutput"] : ["callFunction", "callFunctionOutput"];
  const path = shell === "native" ? "../../native/invoke.ts" : "../../dynamic/call-function.ts";
  return [
    HEADER,
    'import type * as pulumi from "@pulumi/pulumi";',
    `import { ${caller.join(", ")} } from "${path}";`,
    `import type { ${types.join(", ")} } from "../types/functions.ts";`,
    ...models.flatMap(({ name, description, example, inputs }) => {
      const type = typeName(name);
      const optional = inputs.every(({ required }) => !required) ? " = {}" : "";
      const options = (kind: string) => (shell === "native" ? `, options: pulumi.${kind} = {}` : "");
      const given = shell === "native" ? ", options" : "";
      return [
        withExample(description, example.typescript),
        `export function ${name}(args: ${type}Args${optional}${options("InvokeOptions")}): Promise<${type}Result> {`,
        `  return ${caller[0]}("${name}", args${given});`,
        "}",
        withExample(
          `As {@link ${name}}, of outputs of resources: a preview that does not know them yet asks nothing.`,
          example.outputs,
        ),
        `export function ${name}Output(args: ${type}OutputArgs${optional}${options("InvokeOutputOptions")}): pulumi.Output<${type}Result> {`,
        `  return ${caller[1]}("${name}", args${given});`,
        "}",
      ];
    }),
    "",
  ].join("\n");
}

function withExample(text: string, code: string): string {
  const lines = [text, "", "@example", "```ts", ...code.trim().split("\n"), "```"];
  return ["/**", ...lines.map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");
}

/** `getTemplate` as `GetTemplate`. */
function typeName(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
