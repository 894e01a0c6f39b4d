import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo } from "./support/pulumi-project.ts";

const SOURCES = ["--conditions=nullspace-source", join(repo, "bin/pulumi-nullspace.ts")];
const SHIPPED = [join(repo, "dist/bundle/pulumi-nullspace.js")];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "nullspace-bundled-"));
  writeFileSync(join(dir, "Dockerfile"), "FROM scratch\n");
  writeFileSync(join(dir, "file"), "content");
  writeFileSync(join(dir, "preview.json"), "[]");
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Ran {
  code: unknown;
  stdout: string;
  stderr: string;
}

function run(args: readonly string[]): Promise<Ran> {
  const options = { cwd: dir, timeout: 60_000, env: { ...process.env, NULLSPACE_STAT_CACHE: "off" } };
  return new Promise((resolve) =>
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    ),
  );
}

/** Words, and the exit code that the sources end with. Together they load every file that the command is shipped as. */
const LINES: readonly [line: string, code: number][] = [
  ["--version", 0],
  ["--help", 0],
  ["", 2],
  ["nothing-of-ours", 2],
  ["context", 2],
  ["context hash", 2],
  ["context hash . --json", 0],
  ["context hash . --symlinks sideways", 2],
  ["context hash missing", 2],
  ["context inspect .", 0],
  ["context tar . --gzip", 0],
  ["context diff . --against .", 0],
  ["context diff . --against missing", 2],
  ["docker build --unknown", 2],
  ["docker build missing --tag a:b", 2],
  ["image parse alpine --json", 0],
  ["image parse :::", 2],
  ["promotions", 2],
  ["adopt --help", 0],
  ["report missing.json", 2],
  ["doctor --help", 0],
];

describe("the command as it is shipped", { timeout: 180_000 }, () => {
  it.each(LINES)("answers as its sources do: %s", async (line, code) => {
    const words = line.split(" ").filter((word) => word !== "");
    const [sources, shipped] = await Promise.all([run([...SOURCES, ...words]), run([...SHIPPED, ...words])]);
    expect(shipped).toEqual(sources);
    expect(shipped.code).toBe(code);
  });
});
