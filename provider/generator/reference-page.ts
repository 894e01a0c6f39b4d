import { effectsOf } from "../core/input-facts.ts";
import type { Controller } from "../core/controller.ts";
import type { ChangeEffect } from "../core/property-diff.ts";
import { renderOtherLanguages, type ExampleProgram } from "./examples.ts";
import type { FunctionModel } from "./functions.ts";
import { GENERATED_NODE_PACKAGE } from "./package-schema.ts";
import type { ObjectModel, PropertyModel, ResourceModel, TypeModel } from "./type-model.ts";

const NOTE = "<!-- Generated from provider/core by `npm run generate`: change the source, not this page. -->";

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
      ["input", "type", "effect of a change", "description"],
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
    "Every input is an output as well. In addition there are:",
    "",
    table(
      ["output", "type", "description"],
      model.outputs.map((property) => [`\`${property.name}\``, typeOf(property), describe(property)]),
    ),
    ...renderObjects(model.objects),
    "",
    "## Import",
    "",
    `The ID is ${importId.form}. With the plugin (Pulumi cannot import dynamic resources: give them \`adopt: true\` instead):`,
    "",
    "```sh",
    `pulumi import nullspace:index:${name} <resource name> ${importId.example}`,
    "```",
    "",
    `The TypeScript that Pulumi then prints is for the generated SDK for Node, \`${GENERATED_NODE_PACKAGE}\`. In a program that ` +
      "uses this package, import `pulumi-nullspace/native` instead, where choices are plain strings.",
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
    "Functions read from the service and manage nothing. With dynamic resources they are plain asynchronous functions that use the " +
      "settings of the stack; with the plugin they take Pulumi's invoke options, such as `provider`. Each has a variant that takes " +
      "outputs of resources and returns an output: `getTemplateOutput` and so on.",
    ...models.flatMap(({ name, description, example, inputs, outputs, objects }) => [
      "",
      `## ${name}`,
      "",
      description,
      "",
      ...examples(example, programs.get(name)),
      "",
      table(
        ["argument", "type", "description"],
        inputs.map((property) => [
          `\`${property.name}\`${property.required ? " (required)" : ""}`,
          typeOf(property),
          describe(property),
        ]),
      ),
      "",
      table(
        ["result", "type", "description"],
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
    "Set them with `pulumi config set nullspace:<setting> <value>` (add `--secret` for the key), or as arguments of an explicit " +
      "`Provider` of `pulumi-nullspace/native`.",
    "",
    table(
      ["setting", "type", "description"],
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
      ["member", "type", "description"],
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
      return type.members.length > 4 ? "object, see its `kind`" : type.members.map((name) => `\`${name}\``).join(", ");
    case "enum":
      return type.values.map((value) => `\`"${value}"\``).join(", ");
    case "constant":
      return `\`"${type.value}"\``;
    default:
      return type.kind;
  }
}

function describe({ description, secret, computed }: PropertyModel): string {
  return [description, ...(secret ? ["**Secret.**"] : []), ...(computed ? ["Computed if it is not given."] : [])].join(
    " ",
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
