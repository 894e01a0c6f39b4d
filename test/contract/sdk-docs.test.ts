import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunningService } from "../engine/service/running-service.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(repository, "docs/sdk.md"), "utf8");

/** The programs of the page, each under the heading above it. */
const examples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match, index) => ({
  name: `${page
    .slice(0, match.index)
    .match(/^## .*$/gm)!
    .at(-1)!
    .slice(3)}, example ${index + 1}`,
  program: match[1]!,
}));

let service: RunningService;
let folder: string;

beforeAll(async () => {
  service = await RunningService.start();
  folder = mkdtempSync(join(tmpdir(), "examples-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(repository, join(folder, "node_modules/pulumi-nullspace"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe("the SDK's page", () => {
  it("has an example for every capability", () => expect(examples.length).toBeGreaterThanOrEqual(7));

  it.each(examples)("runs: $name", async ({ program }) => {
    const file = join(folder, "example.ts");
    writeFileSync(file, program);
    const env = { ...process.env, NULLSPACE_API_URL: service.url, NULLSPACE_API_KEY: service.apiKey };
    const { stdout, stderr } = await run(process.execPath, ["--conditions=nullspace-source", file], {
      cwd: folder,
      env,
    });
    expect(stdout + stderr).not.toBe("");
  });
});
