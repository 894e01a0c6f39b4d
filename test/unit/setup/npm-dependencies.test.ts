import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isInStep } from "../../../scripts/setup/npm-dependencies.mjs";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));

const wanted = {
  packages: {
    "": { version: "0.1.0" },
    service: { version: "0.1.0" },
    "node_modules/zod": { version: "4.0.0", integrity: "sha512-a" },
    "node_modules/fsevents": { version: "2.3.3", integrity: "sha512-b", optional: true },
    "node_modules/pulumi-nullspace": { resolved: "", link: true },
  },
};
const found = {
  packages: {
    "node_modules/zod": { version: "4.0.0", integrity: "sha512-a" },
    "node_modules/pulumi-nullspace": { resolved: "", link: true },
  },
};

test("what npm has installed here is in step with the lock file that it was installed from", () => {
  expect(isInStep(read("package-lock.json"), read("node_modules/.package-lock.json"))).toBe(true);
});

test("an optional package may be absent", () => {
  expect(isInStep(wanted, found)).toBe(true);
});

test("a package for development may be absent where none of them is wanted, and has its version where it is there", () => {
  const packages = {
    ...wanted.packages,
    "node_modules/vitest": { version: "4.0.0", integrity: "sha512-d", dev: true },
  };
  expect(isInStep({ packages }, found)).toBe(false);
  expect(isInStep({ packages }, found, { dev: false })).toBe(true);
  const other = { ...found.packages, "node_modules/vitest": { version: "3.0.0", integrity: "sha512-e" } };
  expect(isInStep({ packages }, { packages: other }, { dev: false })).toBe(false);
});

test("what the build needs is not only for development", () => {
  const { packages } = read("package-lock.json");
  for (const name of Object.keys(read("scripts/package.json").dependencies)) {
    expect(packages[`node_modules/${name}`]).not.toHaveProperty("dev");
  }
});

test.each([
  ["is absent", { "node_modules/pulumi-nullspace": { resolved: "", link: true } }],
  ["has another version", { ...found.packages, "node_modules/zod": { version: "4.0.1", integrity: "sha512-a" } }],
  ["has another content", { ...found.packages, "node_modules/zod": { version: "4.0.0", integrity: "sha512-c" } }],
  ["is a copy and not a link", { ...found.packages, "node_modules/pulumi-nullspace": { version: "0.1.0" } }],
])("node_modules is out of step when a package %s", (_, packages) => {
  expect(isInStep(wanted, { packages })).toBe(false);
});
