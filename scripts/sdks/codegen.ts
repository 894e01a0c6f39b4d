import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { ExampleLanguage } from "../../provider/generator/examples.ts";

/** Pulumi's name for each language of a generated SDK, which is also that of the SDK's folder. */
export const SDK_LANGUAGES = ["nodejs", "python", "go", "dotnet", "java"] as const;
export type SdkLanguage = (typeof SDK_LANGUAGES)[number];

/** What the generator for Java warns of for every provider with a secret setting; the other generators do not. */
const KNOWN_WARNINGS = [/^WARN: secret property \w+ \(property of config\) does not have an Output type$/];

/**
 * Programs in every language.
 *
 * @param programs in PCL, by name
 * @throws Error when one of them does not fit the schema, or cannot be expressed in one of the languages
 */
export async function translateExamples(
  schema: string,
  programs: Readonly<Record<string, string>>,
): Promise<Record<string, Record<ExampleLanguage, string>>> {
  return JSON.parse(await runCodegen(["examples", schema], JSON.stringify(programs))) as Record<
    string,
    Record<ExampleLanguage, string>
  >;
}

/**
 * Writes the SDKs of every language, a folder each.
 *
 * @param logo PNG that the package for .NET shows
 * @throws Error when a generator fails or warns
 */
export async function generateSdks(schema: string, logo: string, out: string): Promise<void> {
  await runCodegen(["sdk", schema, logo, out], "");
}

async function runCodegen(args: readonly string[], input: string): Promise<string> {
  const program = process.env["NULLSPACE_PULUMI_CODEGEN"];
  if (program === undefined)
    throw new Error(
      "NULLSPACE_PULUMI_CODEGEN is not set: run this with npm run sdks or npm run translate, which set it up",
    );
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  child.stdin.end(input);
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const told = errors.split("\n").filter((line) => line !== "" && !KNOWN_WARNINGS.some((known) => known.test(line)));
  if (code !== 0 || told.length > 0)
    throw new Error(`pulumi-codegen ${args[0]!} ended with ${code}:\n${told.join("\n")}`);
  return output;
}
