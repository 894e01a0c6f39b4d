import { readFileSync } from "node:fs";
// By its default export: a name that an older Node does not export would stop it before it could say that it is too old.
import nodeModule from "node:module";
import { dirname, join } from "node:path";

/** What a program that is one executable asks for what it has inside; absent from a Node that is too old. */
const sea = process.getBuiltinModule?.("node:sea");

/** In a program in one file there may be files of others, too. */
const OURS = "pulumi-nullspace/";

/**
 * The text of a file that `npm run build:plugin` has put into the program that runs: there is no folder beside it to read from.
 *
 * @returns `undefined` where the program is not one executable of ours: the file is in the folder of the package
 * @internal
 */
export function embeddedFile(name: "package.json" | "schema.json" | "worker.js"): string | undefined {
  if (sea?.isSea() !== true) return undefined;
  try {
    return sea.getAsset(OURS + name, "utf8");
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Whether the program that runs is one executable of ours: it has what was put into it, and no packages beside it.
 *
 * @internal
 */
export function isOneFile(): boolean {
  return embeddedFile("package.json") !== undefined;
}

/**
 * The text of a file of this package: of the folder that this code belongs to, in sources and in `dist`, or of the executable.
 *
 * @returns `undefined` where the code was taken out of the package
 * @internal
 */
export function packageFile(name: "package.json" | "schema.json"): string | undefined {
  const embedded = embeddedFile(name);
  if (embedded !== undefined) return embedded;
  const manifest = nodeModule.findPackageJSON(import.meta.url);
  return manifest && readFileSync(join(dirname(manifest), name), "utf8");
}
