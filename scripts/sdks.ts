/**
 * Makes the SDKs of every language from `schema.json`, by Pulumi's own code generators, into `dist/sdks/<language>`; builds each
 * with its language's own tools, and packs it into `dist/sdks/packages`.
 *
 *   npm run sdks                         a language whose tools are not on the machine is generated, and not packed
 *   npm run sdks -- --every              and that is an error
 *   npm run sdks -- --language python    packs only this one; may be given several times
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateSdks, SDK_LANGUAGES, type SdkLanguage } from "./sdks/codegen.ts";
import { packSdk } from "./sdks/pack.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist", "sdks");
const packages = join(out, "packages");

const { values } = parseArgs({
  options: { every: { type: "boolean", default: false }, language: { type: "string", multiple: true } },
});
const unknown = values.language?.find((name) => !SDK_LANGUAGES.includes(name as SdkLanguage));
if (unknown !== undefined) throw new Error(`--language has to be one of ${SDK_LANGUAGES.join(", ")}; got ${unknown}`);
const wanted = (values.language as SdkLanguage[] | undefined) ?? SDK_LANGUAGES;

await rm(out, { recursive: true, force: true });
await mkdir(packages, { recursive: true });
await generateSdks(join(root, "schema.json"), join(root, "docs/pictures/logo.png"), out);
console.log(`generated: ${SDK_LANGUAGES.join(", ")} in dist/sdks`);
for (const language of wanted) {
  const startedMs = performance.now();
  const made = await packSdk(language, { root, folder: join(out, language), packages });
  const seconds = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`.padStart(8);
  console.log(
    `${language.padEnd(8)} ${seconds}  ${made.isPacked ? made.files.join(", ") || "compiled" : `not packed: ${made.reason}`}`,
  );
  if (!made.isPacked && values.every) process.exitCode = 1;
}
