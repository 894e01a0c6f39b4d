/**
 * Writes what is made from the rooms of the resources, `provider/core/<resource>/`: `schema.json` and `provider/generated/`;
 * and the codecs of the messages in `sdk/docker/protos/`.
 *
 *   npm run generate              writes them, and takes away what nothing stands for any more
 *   npm run generate -- --check   changes nothing; exit code 1 when one of them is stale
 */
import { existsSync, globSync } from "node:fs";
import { readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import type { ProviderFunction } from "../provider/core/provider-function.ts";
import type { Controller } from "../provider/core/controller.ts";
import { generate, type Room } from "../provider/generator/index.ts";
import type { PackageFacts } from "../provider/generator/package-schema.ts";
import { findExamples } from "./generate/examples.ts";
import { generateProtoCodecs, PROTO_CODECS } from "./generate/protos.ts";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

const facts = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as PackageFacts;
const files = new Map([...generate(await findRooms(), facts), ...(await generateProtoCodecs(root))]);

const stale: string[] = [];
for (const [name, text] of files) {
  const path = join(root, name);
  const formatted = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (existsSync(path) && (await readFile(path, "utf8")) === formatted) continue;
  stale.push(name);
  if (check) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, formatted);
}
for (const name of globSync(["provider/generated/**/*.ts", `${PROTO_CODECS}/**/*.ts`], { cwd: root })) {
  if (files.has(name)) continue;
  stale.push(name);
  if (!check) await rm(join(root, name));
}

if (stale.length === 0) console.log("all generated files are up to date");
else if (check) {
  console.error(`stale: ${stale.join(", ")}. Run npm run generate and commit the result.`);
  process.exitCode = 1;
} else console.log(`written: ${stale.join(", ")}`);

/** Every folder of `provider/core` that has a controller is the room of a resource. */
async function findRooms(): Promise<Room[]> {
  const found = globSync("provider/core/*/controller.ts", { cwd: root });
  const rooms = await Promise.all(
    found.map(async (path) => {
      const folder = dirname(join(root, path));
      const module = (await import(pathToFileURL(join(root, path)).href)) as Record<string, Controller>;
      const [exportName] = Object.keys(module).filter((name) => name.endsWith("Controller"));
      if (exportName === undefined) throw new Error(`${path} exports no …Controller`);
      return {
        folder: path.split("/").at(-2)!,
        exportName,
        controller: module[exportName]!,
        functions: await findFunctions(join(folder, "functions.ts")),
        programArgs: existsSync(join(folder, "program-args.ts")),
        examples: await findExamples(root, folder, module[exportName]!.type),
      };
    }),
  );
  return rooms.sort((left, right) => (left.controller.type < right.controller.type ? -1 : 1));
}

async function findFunctions(path: string): Promise<Room["functions"]> {
  if (!existsSync(path)) return [];
  const module = (await import(pathToFileURL(path).href)) as Record<string, ProviderFunction>;
  return Object.entries(module).map(([exportName, definition]) => ({ exportName, definition }));
}
