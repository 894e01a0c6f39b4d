import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failuresIn } from "../../../scripts/test-failures.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

const VITEST = join(import.meta.dirname, "../../../node_modules/vitest/vitest.mjs");

/** What vitest itself reports of test files. */
function report(files: Record<string, string>): unknown {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const into = join(folder, "report.json");
  const args = [VITEST, "run", "--globals", "--root", folder, "--reporter=json", `--outputFile=${into}`];
  spawnSync(process.execPath, args, { timeout: 50_000 });
  return JSON.parse(readFileSync(into, "utf8"));
}

test("names what failed, with what was expected, and nothing else", () => {
  const failures = failuresIn(
    report({
      "sums.test.js": `describe("sums", () => {
        test("are right", () => expect(1 + 1).toBe(2));
        test("are wrong", () => expect(1 + 1).toBe(3));
      });`,
      "broken.test.js": `throw new Error("cannot be loaded");`,
      "good.test.js": `test("is good", () => {});`,
    }),
  );
  expect(failures).toHaveLength(2);
  expect(failures.find((text) => text.includes("sums"))).toMatch(
    /^FAILED .*sums\.test\.js > sums are wrong\n.*expected 2 to be 3/s,
  );
  expect(failures.find((text) => text.includes("broken"))).toMatch(/^FAILED .*broken\.test\.js\n.*cannot be loaded/s);
});

test("names nothing where no report was written", () => {
  expect(failuresIn(undefined)).toEqual([]);
});
