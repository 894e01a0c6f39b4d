import type { Controller } from "../core/controller.ts";
import type { ProviderFunction } from "../core/provider-function.ts";
import { ProviderConfig } from "../core/provider-config.ts";
import { withServiceIdentity } from "../core/service-identity/with-service-identity.ts";
import { renderClass } from "./classes.ts";
import type { ExampleProgram } from "./examples.ts";
import { modelFunction, renderFunctions, renderFunctionTypes } from "./functions.ts";
import { fileName } from "./file-name.ts";
import { renderPackageSchema, type PackageFacts } from "./package-schema.ts";
import { renderProviderClass } from "./provider-class.ts";
import { renderFunctionsPage, renderResourcePage, renderSettingsPage } from "./reference-page.ts";
import { modelProperties, modelResource } from "./type-model.ts";
import { HEADER, renderResourceTypes, renderSharedObjects, SHARED_FILE, sharedObjects } from "./typescript.ts";

/** A room of `provider/core`: all that a resource is. */
export interface Room {
  /** Name of its folder. */
  folder: string;
  /** Name by which its `controller.ts` exports the controller. */
  exportName: string;
  controller: Controller;
  /** Names by which its `functions.ts`, if there is one, exports the functions. */
  functions: { exportName: string; definition: ProviderFunction }[];
  /** Whether it has a `program-args.ts`. */
  programArgs: boolean;
  /** Programs of its `examples/`, by the resource or the function that they show. */
  examples: ReadonlyMap<string, readonly ExampleProgram[]>;
}

/**
 * Everything that is made from the rooms.
 *
 * @returns texts by path, relative to the repository; not formatted yet
 */
export function generate(rooms: readonly Room[], facts: PackageFacts): Map<string, string> {
  const files = new Map<string, string>();
  const controllers = rooms.map(({ controller }) => withServiceIdentity(controller));
  const models = rooms.map(({ programArgs }, at) => modelResource(controllers[at]!, { programArgs }));
  const shared = sharedObjects(models);
  const names = models.map(({ name }) => fileName(name));

  const functions = rooms.flatMap((room) => room.functions.map(({ definition }) => modelFunction(definition)));

  const examples = new Map(rooms.flatMap((room) => [...room.examples]));
  for (const name of [...models, ...functions].map((model) => model.name)) {
    if (!examples.has(name)) throw new Error(`${name} has no example`);
  }

  files.set("schema.json", JSON.stringify(renderPackageSchema(facts, controllers, functions, examples)));
  files.set(
    "provider/generated/controllers.ts",
    [
      HEADER,
      'import type { Controller } from "../core/controller.ts";',
      ...rooms.map(({ folder, exportName }) => `import { ${exportName} } from "../core/${folder}/controller.ts";`),
      "/** One for each room. */",
      `export const rooms: readonly Controller[] = [${rooms.map(({ exportName }) => exportName).join(", ")}];`,
      "",
    ].join("\n"),
  );
  files.set(`provider/generated/types/${SHARED_FILE}`, renderSharedObjects(shared));
  files.set(
    "provider/generated/types/index.ts",
    renderIndex([SHARED_FILE.replace(/\.ts$/, ""), "functions", ...names]),
  );
  for (const model of models) {
    files.set(`provider/generated/types/${fileName(model.name)}.ts`, renderResourceTypes(model, shared));
  }
  files.set(
    "provider/generated/functions.ts",
    [
      HEADER,
      'import type { ProviderFunction } from "../core/provider-function.ts";',
      ...rooms
        .filter((room) => room.functions.length > 0)
        .map(({ folder, functions: own }) => {
          return `import { ${own.map(({ exportName }) => exportName).join(", ")} } from "../core/${folder}/functions.ts";`;
        }),
      "/** What a program can ask the service. */",
      `export const functions: readonly ProviderFunction[] = [${functions.map(({ name }) => name).join(", ")}];`,
      "",
    ].join("\n"),
  );
  files.set("provider/generated/types/functions.ts", renderFunctionTypes(functions));
  files.set("provider/generated/native/provider.ts", renderProviderClass(modelProperties(ProviderConfig, new Map())));
  for (const [at, model] of models.entries()) {
    files.set(`docs/provider/${fileName(model.name)}.md`, renderResourcePage(model, controllers[at]!, examples));
  }
  files.set("docs/provider/functions.md", renderFunctionsPage(functions, examples));
  files.set("docs/provider/settings.md", renderSettingsPage(modelProperties(ProviderConfig, new Map())));
  for (const shell of ["dynamic", "native"] as const) {
    files.set(
      `provider/generated/${shell}/index.ts`,
      renderIndex([...(shell === "native" ? ["provider"] : []), "functions", ...names]),
    );
    files.set(`provider/generated/${shell}/functions.ts`, renderFunctions(functions, shell));
    for (const model of models) {
      files.set(`provider/generated/${shell}/${fileName(model.name)}.ts`, renderClass(model, shell));
    }
  }
  return files;
}

function renderIndex(names: readonly string[]): string {
  return [HEADER, ...names.map((name) => `export * from "./${name}.ts";`), ""].join("\n");
}
