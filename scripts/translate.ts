/**
 * Rewrites the examples of the Registry, `docs/registry/examples/`, from their sources in `provider/core/<resource>/examples/`,
 * by Pulumi's own code generators, and then what is made from them, `schema.json` and the pages.
 *
 *   npm run translate
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PROGRAM_FILES, type ExampleLanguage } from "../provider/generator/examples.ts";
import { rooms } from "../provider/generated/controllers.ts";
import { fileName } from "../provider/generator/file-name.ts";
import { EXAMPLES, findSources, programFile } from "./generate/examples.ts";
import { translateExamples } from "./sdks/codegen.ts";
import { runToEnd } from "./quickstart/command.ts";

const root = join(import.meta.dirname, "..");
const generate = ["--conditions=nullspace-source", join(root, "scripts/generate.ts")];

const sources = await Promise.all(
  rooms.map(({ type }) => findSources(join(root, "provider", "core", fileName(type)), type)),
);
// The programs are checked against the schema, which may be older than the sources.
await regenerate();
const translated = await translateExamples(
  join(root, "schema.json"),
  Object.fromEntries(sources.flat().map(({ folder, text }) => [folder, text])),
);
await rm(join(root, EXAMPLES), { recursive: true, force: true });
for (const [folder, programs] of Object.entries(translated)) {
  for (const [language, text] of Object.entries(programs) as [ExampleLanguage, string][]) {
    const path = join(root, EXAMPLES, folder, PROGRAM_FILES[language]);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, programFile(folder, language, text));
  }
}
console.log(`written: ${Object.keys(translated).length} examples in ${Object.keys(PROGRAM_FILES).length} languages`);
await regenerate();

async function regenerate(): Promise<void> {
  const { exitCode, stdout, stderr } = await runToEnd(process.execPath, generate, { cwd: root, env: process.env });
  console.log((stdout + stderr).trim());
  if (exitCode !== 0) process.exit(1);
}
