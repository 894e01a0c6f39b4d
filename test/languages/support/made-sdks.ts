import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../scripts/quickstart/command.ts";
import { repo } from "../../e2e/support/pulumi-project.ts";

/** Where `npm run sdks` puts them. */
export const SDKS = join(repo, "dist", "sdks");

const STAMP = join(SDKS, ".made-from");

/** Folders whose sources decide what comes out. */
const SOURCES = ["schema.json", "scripts/sdks.ts", "scripts/sdks/pack.ts", "scripts/sdks/maven-project.ts"];

/** The SDKs of this schema, generated and packed once however many files of tests ask for them. */
export async function madeSdks(): Promise<void> {
  const hash = createHash("sha256").update(process.env["NULLSPACE_PULUMI_CODEGEN"] ?? "");
  for (const path of SOURCES) hash.update(readFileSync(join(repo, path)));
  const digest = hash.digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest) return;
  await makeSdks();
  writeFileSync(STAMP, digest);
}

/** Makes them again. @returns what the command printed */
export async function makeSdks(): Promise<string> {
  const args = ["--conditions=nullspace-source", join(repo, "scripts", "sdks.ts")];
  return (await run(process.execPath, args, { cwd: repo })).stdout;
}
