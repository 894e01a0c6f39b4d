import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const repo = join(import.meta.dirname, "..", "..", "..");
const LOADED = `
import { createRequire } from "node:module";
await import(process.argv[1]);
console.log(Object.keys(createRequire(import.meta.url).cache).join("\\n"));
`;

it.each(["pulumi-nullspace", "pulumi-nullspace/native"])(
  "a program that imports %s does not wait for the Automation API, schemas or HTTP",
  async (name) => {
    const args = ["--conditions=nullspace-source", "--input-type=module", "-e", LOADED, name];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: repo });
    expect(stdout).toContain("@pulumi/pulumi/resource.js");
    expect(stdout).not.toMatch(/@pulumi\/pulumi\/(automation|index\.js)|@npmcli|undici|\/zod\//);
  },
);
