import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";

const VITEST = join(import.meta.dirname, "../../../../node_modules/vitest/vitest.mjs");

/**
 * What vitest itself says of test files.
 *
 * @param files text by name
 * @returns its JSON report, and what it printed
 */
export function vitestReport(files: Record<string, string>): { report: unknown; output: string } {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const into = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${into}`];
  const args = [VITEST, "run", "--globals", "--root", folder, ...reporters];
  const { stdout, stderr } = spawnSync(process.execPath, args, { timeout: 50_000, encoding: "utf8" });
  return { report: JSON.parse(readFileSync(into, "utf8")), output: stdout + stderr };
}
