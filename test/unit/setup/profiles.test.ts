import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { Step } from "../../../scripts/setup/step.mjs";

const root = join(import.meta.dirname, "../../..");

/** Which variables the set-up of a profile says, by the files that its steps are in. */
async function variablesOf(profile: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of globSync("scripts/setup/*.mjs", { cwd: root })) {
    const module = (await import(pathToFileURL(join(root, path)).href)) as Record<string, Partial<Step>>;
    const isWanted = Object.values(module).some((step) => step?.profiles?.includes(profile as never));
    if (isWanted) found.push(...variablesIn(path));
  }
  return found;
}

function variablesIn(path: string): string[] {
  return readFileSync(join(root, path), "utf8").match(/\bNULLSPACE_[A-Z_]+\b/g) ?? [];
}

/** What a test sets itself for what it starts, or does not set for good. */
const OWN = /^NULLSPACE_(API_KEY|API_URL|LOCAL_\w+|TEST_\w+|NOT_SET)$/;

describe.each([
  ["modern", ["test/modern/**/*.ts", "test/engine/docker/**/*.ts"]],
  ["languages", ["test/languages/**/*.ts"]],
  ["scale", ["test/scale/**/*.ts"]],
])("set-up of the profile %s", (profile, tests) => {
  test("says every variable that its tests read", async () => {
    const read = new Set(globSync(tests, { cwd: root }).flatMap(variablesIn));
    const said = await variablesOf(profile);
    expect(read.size).toBeGreaterThan(0);
    expect([...read].filter((name) => !said.includes(name) && !OWN.test(name))).toEqual([]);
  });
});
