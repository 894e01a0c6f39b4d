import { expect, test } from "vitest";
import { failuresIn } from "../../../scripts/test-failures.mjs";
import { vitestReport } from "./support/vitest-report.ts";

test("names what failed, with what was expected, and nothing else", () => {
  const failures = failuresIn(
    vitestReport({
      "sums.test.js": `describe("sums", () => {
        test("are right", () => expect(1 + 1).toBe(2));
        test("are wrong", () => expect(1 + 1).toBe(3));
      });`,
      "broken.test.js": `throw new Error("cannot be loaded");`,
      "good.test.js": `test("is good", () => {});`,
    }).report,
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
