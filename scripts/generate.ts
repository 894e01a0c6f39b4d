/**
 * Writes what is made from the zod schemas of the resources: `schema.json` and the types in `provider/resources/`.
 *
 *   npm run generate              writes them
 *   npm run generate -- --check   changes nothing; exit code 1 when one of them is stale
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { controllers } from "../provider/core/controllers.ts";
import {
  modelResource,
  renderPackageSchema,
  renderResourceTypes,
  renderSharedObjects,
  SHARED_FILE,
  sharedObjects,
  type PackageFacts,
} from "../provider/schema/index.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

const facts = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as PackageFacts;
const files = new Map<string, string>([["schema.json", JSON.stringify(renderPackageSchema(facts))]]);
const models = Object.values(controllers).map((controller) => modelResource(controller));
const shared = sharedObjects(models);
files.set(`provider/resources/${SHARED_FILE}`, renderSharedObjects(shared));
for (const model of models) {
  const file = model.name.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
  files.set(`provider/resources/${file}.ts`, renderResourceTypes(model, shared));
}

const stale: string[] = [];
for (const [name, text] of files) {
  const path = join(root, name);
  const formatted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if ((await readOrNothing(path)) === formatted) continue;
  stale.push(name);
  if (!check) await writeFile(path, formatted);
}

if (stale.length === 0) console.log("all generated files are up to date");
else if (check) {
  console.error(`stale: ${stale.join(", ")}. Run npm run generate and commit the result.`);
  process.exitCode = 1;
} else console.log(`written: ${stale.join(", ")}`);

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
