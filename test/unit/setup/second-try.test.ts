import { basename } from "node:path";
import { expect, test } from "vitest";
import { apart, countsIn, filesToTryAgain, notMadeGood, saysOutside } from "../../../scripts/second-try.mjs";
import { vitestReport } from "./support/vitest-report.ts";

const GOOD = `test("is good", () => {}); test.skip("is skipped", () => {});`;
const SLOW = `test("is quick", () => {}); test("is in time", () => expect(2).toBeLessThan(1));`;
const BROKEN = `throw new Error("cannot be loaded");`;
const COUNTEREXAMPLE = `import fc from ${JSON.stringify(import.meta.resolve("fast-check"))};
  test("holds", () => fc.assert(fc.property(fc.integer(), (n) => n < 5)));`;
const LEAK = `test("leaves a promise", () => { Promise.reject(new Error("left")); });`;

interface Report {
  testResults: { name: string }[];
}

const tried = (files: Record<string, string>) => {
  const { report, output } = vitestReport(files);
  return filesToTryAgain(report, output.split("\n").some(saysOutside))
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

test("so do one that a hook finds, and the harm that a test of chance has found", () => {
  const inHook = `import fc from ${JSON.stringify(import.meta.resolve("fast-check"))};
    beforeAll(() => fc.assert(fc.property(fc.integer(), (n) => n < 5))); test("is never reached", () => {});`;
  const harm = `test("loses nothing", () => expect(["lost"], "after kill 3 of seed 1").toEqual([]));`;
  expect(tried({ "hook.test.js": inHook, "harm.test.js": harm, "slow.test.js": SLOW })).toEqual(["slow.test.js"]);
});

test("only what has passed is made good: not what is skipped then, is not there, or was never reached", () => {
  const twice = (first: string, again: string) => {
    const [before, after] = [first, again].map((text) => vitestReport({ "one.test.js": text }).report as Report);
    // Each was played in a folder of its own.
    for (const file of after!.testResults) file.name = before!.testResults[0]!.name;
    return notMadeGood(before, after).map((name) => basename(name));
  };
  const skipped = `test("is quick", () => {}); test.skip("is in time", () => {});`;
  const good = `test("is quick", () => {}); test("is in time", () => {});`;
  const hook = (more: string) => `beforeAll(() => { ${more} }); test("is reached", () => {});`;
  expect(twice(SLOW, good)).toEqual([]);
  expect(twice(SLOW, skipped)).toEqual(["one.test.js > is in time"]);
  expect(twice(SLOW, `test("is quick", () => {});`)).toEqual(["one.test.js > is in time"]);
  expect(twice(hook(`throw new Error("no")`), hook(""))).toEqual([]);
  expect(twice(hook(`throw new Error("no")`), `test.skip("is reached", () => {});`)).toEqual(["one.test.js"]);
  expect(notMadeGood({ testResults: [{ name: "a.test.js", status: "failed" }] }, undefined)).toEqual(["a.test.js"]);
});

test("nothing is played again for an error outside of a test, nor where many files failed", () => {
  expect(tried({ "leak.test.js": LEAK, "slow.test.js": SLOW })).toEqual([]);
  expect(tried(Object.fromEntries([1, 2, 3, 4].map((n) => [`slow${n}.test.js`, SLOW])))).toEqual([]);
});

test("every test is counted once: where its file was played last", () => {
  const { report } = vitestReport({ "good.test.js": GOOD, "slow.test.js": SLOW, "broken.test.js": BROKEN });
  expect(countsIn(report)).toEqual({ passed: 2, failed: 2, skipped: 1 });
  const { first, rest } = apart(report, filesToTryAgain(report, false));
  expect(countsIn(rest)).toEqual({ passed: 1, failed: 0, skipped: 1 });
  expect(countsIn(first)).toEqual({ passed: 1, failed: 2, skipped: 0 });
});

test("a run that left no report is none to try again", () => {
  expect(filesToTryAgain(undefined, false)).toEqual([]);
  expect(countsIn(undefined)).toEqual({ passed: 0, failed: 0, skipped: 0 });
});
