import { effectsOf } from "../core/input-facts.ts";
import type { Controller } from "../core/controller.ts";
import type { ChangeEffect } from "../core/property-diff.ts";
import { renderOtherLanguages, type ExampleProgram } from "./examples.ts";
import type { FunctionModel } from "./functions.ts";
import { GENERATED_NODE_PACKAGE } from "./package-schema.ts";
import type { ObjectModel, PropertyModel, ResourceModel, TypeModel } from "./type-model.ts";

const NOTE = "<!-- Made by `npm run generate` from provider/core: change that, not this. -->";

const EFFECTS: Readonly<Record<ChangeEffect, string>> = {
  rebuild: "new build, in place",
  update: "update in place",
  replace: "replacement",
  ignore: "none",
};

/** The page of a resource: example, inputs, outputs, what changes do, import. */
export function renderResourcePage(
  model: ResourceModel,
  controller: Pick<Controller, "inputs">,
  programs: ReadonlyMap<string, readonly ExampleProgram[]>,
): string {
  const effects = effectsOf(controller.inputs);
  const { name, description, example, importId } = model;
  return [
    NOTE,
    `# ${name}`,
    "",
    description,
    "",
    ...examples(example, programs.get(name)),
    "",
    "## Inputs",
    "",
    table(
      ["input", "type", "a change leads to", "what it is"],
      model.inputs.map((property) => [
        `\`${property.name}\`${property.required ? " (required)" : ""}`,
        typeOf(property),
        EFFECTS[effects[property.name]!.effect],
        describe(property),
      ]),
    ),
    "",
    "## Outputs",
    "",
    "Every input is an output, too. Beside them:",
    "",
    table(
      ["output", "type", "what it is"],
      model.outputs.map((property) => [`\`${property.name}\``, typeOf(property), describe(property)]),
    ),
    ...renderObjects(model.objects),
    "",
    "## Import",
    "",
    `The ID is ${importId.form}. Over the plugin (dynamic resources cannot be imported by Pulumi: give them \`adopt: true\`):`,
    "",
    "```sh",
    `pulumi import nullspace:index:${name} <resource name> ${importId.example}`,
    "```",
    "",
    `The TypeScript that Pulumi then prints is for the SDK that is generated for Node, \`${GENERATED_NODE_PACKAGE}\`; in a program ` +
      "with this package, import `pulumi-nullspace/native` in its place, where choices are plain strings.",
    "",
  ].join("\n");
}

/** The page of the functions. */
export function renderFunctionsPage(
  models: readonly FunctionModel[],
  programs: ReadonlyMap<string, readonly ExampleProgram[]>,
): string {
  return [
    NOTE,
    "# Functions",
    "",
    "They ask the service and manage nothing. With dynamic resources they are plain asynchronous functions that use the settings " +
      "of the stack; over the plugin they take Pulumi's options of invokes, such as `provider`. Each has a twin that takes outputs " +
      "of resources and gives an output: `getTemplateOutput` and so on.",
    ...models.flatMap(({ name, description, example, inputs, outputs, objects }) => [
      "",
      `## ${name}`,
      "",
      description,
      "",
      ...examples(example, programs.get(name)),
      "",
      table(
        ["argument", "type", "what it is"],
        inputs.map((property) => [
          `\`${property.name}\`${property.required ? " (required)" : ""}`,
          typeOf(property),
          describe(property),
        ]),
      ),
      "",
      table(
        ["result", "type", "what it is"],
        outputs.map((property) => [`\`${property.name}\``, typeOf(property), describe(property)]),
      ),
      ...renderObjects(objects, "###"),
    ]),
    "",
  ].join("\n");
}

/** The page of the provider's settings. */
export function renderSettingsPage(settings: readonly PropertyModel[]): string {
  return [
    NOTE,
    "# Settings",
    "",
    "`pulumi config set nullspace:<setting> <value>` (add `--secret` for the key), or arguments of an explicit `Provider` of " +
      "`pulumi-nullspace/native`.",
    "",
    table(
      ["setting", "type", "what it is"],
      settings.map((property) => [`\`${property.name}\``, typeOf(property), describe(property)]),
    ),
    "",
  ].join("\n");
}

function examples({ typescript }: { typescript: string }, programs: readonly ExampleProgram[] = []): string[] {
  return ["```ts", typescript.trim(), "```", ...renderOtherLanguages(programs)];
}

function renderObjects(objects: ReadonlyMap<string, ObjectModel>, level = "##"): string[] {
  return [...objects.values()].flatMap((object) => [
    "",
    `${level} ${object.name}`,
    "",
    object.description,
    "",
    table(
      ["member", "type", "what it is"],
      object.properties.map((property) => [
        `\`${property.name}\`${property.required ? " (required)" : ""}`,
        typeOf(property),
        describe(property),
      ]),
    ),
  ]);
}

function typeOf({ type }: PropertyModel): string {
  return inWords(type);
}

function inWords(type: TypeModel): string {
  switch (type.kind) {
    case "array":
      return `list of ${inWords(type.items)}`;
    case "map":
      return `map of ${inWords(type.values)}`;
    case "object":
      return `\`${type.name}\``;
    case "union":
      return type.members.length > 4
        ? "object, told by its `kind`"
        : type.members.map((name) => `\`${name}\``).join(", ");
    case "enum":
      return type.values.map((value) => `\`"${value}"\``).join(", ");
    case "constant":
      return `\`"${type.value}"\``;
    default:
      return type.kind;
  }
}

function describe({ description, secret, computed }: PropertyModel): string {
  return [
    description,
    ...(secret ? ["**Secret.**"] : []),
    ...(computed ? ["Computed when it is not given."] : []),
  ].join(" ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
