import type { Controller } from "../core/controller.ts";
import { withServiceIdentity } from "../core/service-identity/with-service-identity.ts";
import { renderClass } from "./classes.ts";
import { fileName } from "./file-name.ts";
import { renderPackageSchema, type PackageFacts } from "./package-schema.ts";
import { modelResource } from "./type-model.ts";
import { HEADER, renderResourceTypes, renderSharedObjects, SHARED_FILE, sharedObjects } from "./typescript.ts";

/** A room of `provider/core`: all that a resource is. */
export interface Room {
  /** Name of its folder. */
  folder: string;
  /** Name by which its `controller.ts` exports the controller. */
  exportName: string;
  controller: Controller;
  /** Whether it has a `program-args.ts`. */
  programArgs: boolean;
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

  files.set("schema.json", JSON.stringify(renderPackageSchema(facts, controllers)));
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
  files.set("provider/generated/types/index.ts", renderIndex([SHARED_FILE.replace(/\.ts$/, ""), ...names]));
  for (const model of models) {
    files.set(`provider/generated/types/${fileName(model.name)}.ts`, renderResourceTypes(model, shared));
  }
  for (const shell of ["dynamic", "native"] as const) {
    files.set(`provider/generated/${shell}/index.ts`, renderIndex(names));
    for (const model of models) {
      files.set(`provider/generated/${shell}/${fileName(model.name)}.ts`, renderClass(model, shell));
    }
  }
  return files;
}

function renderIndex(names: readonly string[]): string {
  return [HEADER, ...names.map((name) => `export * from "./${name}.ts";`), ""].join("\n");
}
