import { basename } from "node:path";
import { expect, test } from "vitest";
import { apart, countsIn, filesToTryAgain } from "../../../scripts/second-try.mjs";
import { vitestReport } from "./support/vitest-report.ts";

const GOOD = `test("is good", () => {}); test.skip("is skipped", () => {});`;
const SLOW = `test("is quick", () => {}); test("is in time", () => expect(2).toBeLessThan(1));`;
const BROKEN = `throw new Error("cannot be loaded");`;
const COUNTEREXAMPLE = `import fc from ${JSON.stringify(import.meta.resolve("fast-check"))};
  test("holds", () => fc.assert(fc.property(fc.integer(), (n) => n < 5)));`;
const LEAK = `test("leaves a promise", () => { Promise.reject(new Error("left")); });`;

const tried = (files: Record<string, string>) => {
  const { report, output } = vitestReport(files);
  return filesToTryAgain(report, output)
    .map((path) => basename(path))
    .sort();
};

test("a file that failed is played once more, alone", () => {
  expect(tried({ "good.test.js": GOOD, "slow.test.js": SLOW, "broken.test.js": BROKEN })).toEqual([
    "broken.test.js",
    "slow.test.js",
  ]);
});

test("a counterexample of a property stays a failure, whatever the next draw gives", () => {
  expect(tried({ "property.test.js": COUNTEREXAMPLE, "slow.test.js": SLOW })).toEqual(["slow.test.js"]);
});

test("nothing is played again for an error outside of a test, nor where many files failed", () => {
  expect(tried({ "leak.test.js": LEAK, "slow.test.js": SLOW })).toEqual([]);
  expect(tried(Object.fromEntries([1, 2, 3, 4].map((n) => [`slow${n}.test.js`, SLOW])))).toEqual([]);
});

test("every test is counted once: where its file was played last", () => {
  const { report, output } = vitestReport({ "good.test.js": GOOD, "slow.test.js": SLOW, "broken.test.js": BROKEN });
  expect(countsIn(report)).toEqual({ passed: 2, failed: 2, skipped: 1 });
  const { first, rest } = apart(report, filesToTryAgain(report, output));
  expect(countsIn(rest)).toEqual({ passed: 1, failed: 0, skipped: 1 });
  expect(countsIn(first)).toEqual({ passed: 1, failed: 2, skipped: 0 });
});

test("a run that left no report is none to try again", () => {
  expect(filesToTryAgain(undefined, "")).toEqual([]);
  expect(countsIn(undefined)).toEqual({ passed: 0, failed: 0, skipped: 0 });
});
