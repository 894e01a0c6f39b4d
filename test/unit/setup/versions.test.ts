import fc from "fast-check";
import { expect, test } from "vitest";
import { isNewEnough } from "../../../scripts/setup/node-runtime.mjs";
import { isRecentEnough } from "../../../scripts/setup/pulumi-cli.mjs";
import { canBuild, findGo } from "../../../scripts/setup/go-build.mjs";
import { isAtLeast } from "../../../scripts/setup/version.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

test.each([
  ["20.20.2", false],
  ["23.11.1", false],
  ["24.0.0", true],
  ["26.1.0-nightly", true],
])("Node %s runs the sources: %s", (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});

test.each([
  ["3.258.0", true],
  ["3.200.0", true],
  ["3.199.9", false],
  ["2.999.0", false],
  ["4.0.0-alpha.1+dirty", true],
  ["", false],
  ["unknown", false],
])("Pulumi %s is recent enough: %s", (version, expected) => {
  expect(isRecentEnough(version)).toBe(expected);
});

test.each([
  ["go1.26.8", "local", true],
  ["go1.26rc1", "local", true],
  ["go1.25.11", "local", true],
  ["go1.25.10", "local", false],
  ["go1.25.10", "auto", true],
  ["go1.21.0", "auto", true],
  ["go1.19.8", "", false],
  ["go1.19.8", "auto", false],
  ["devel go1.27-1234", "local", true],
  ["", "", false],
])("Go %s with GOTOOLCHAIN=%s can build the CLI: %s", (version, toolchain, expected) => {
  expect(canBuild(version, toolchain)).toBe(expected);
});

test("a Go that is too old is named with its path and the version that is needed", async () => {
  const folder = temporaryFolder();
  const PATH = command(folder, "go", "echo go1.19.8; echo");
  expect(await findGo({ PATH })).toEqual({
    isUsable: false,
    reason: `Go at ${folder}/go is "go1.19.8", and 1.25.11 or newer is needed`,
  });
});

test("no Go is named as such", async () => {
  expect(await findGo({ PATH: "" })).toEqual({ isUsable: false, reason: "there is no Go on PATH" });
});

test("versions are compared by their first number that differs", () => {
  const version = fc.array(fc.nat(30), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(version, version, (a, b) => {
      const width = Math.max(a.length, b.length);
      const weigh = (numbers: number[]) =>
        Array.from({ length: width }, (_, i) => numbers[i] ?? 0).reduce((sum, n) => sum * 31 + n, 0);
      expect(isAtLeast(a, b)).toBe(weigh(a) >= weigh(b));
    }),
  );
});
