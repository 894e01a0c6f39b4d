import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import { readTar } from "./support/docker-capture.ts";
import { temporaryFolder, tree } from "./support/trees.ts";

const PROGRAM = join(import.meta.dirname, "../../../bin/pulumi-nullspace.ts");

interface Ran {
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

function run(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [PROGRAM, "context", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) =>
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr })),
  );
}

const spec = {
  Dockerfile: "FROM x\n",
  ".dockerignore": "*.log\n",
  "a.log": "",
  "src/run": { exec: "go" },
  l: { link: "src/run" },
};

describe("pulumi-nullspace context", { timeout: 60_000 }, () => {
  it("inspect --json prints what the library reads", async () => {
    const dir = tree(spec);
    const { code, stdout } = await run("inspect", dir, "--json");
    const context = await readContext({ dir });
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual({
      files: context.entries,
      hash: context.hash,
      ignored: [{ path: "a.log", type: "file", rule: ".dockerignore:1", pattern: "*.log" }],
      unsupported: [],
      skippedLinks: [],
      warnings: [],
      totalBytes: context.totalBytes,
    });
  });

  it("inspect tells people what is sent, what is left out and why", async () => {
    const { stdout } = await run("inspect", tree({ ...spec, ".env": "KEY=1", "\u001b[2J": "" }));
    const text = stdout.toString();
    for (const part of [
      "5 files (20 B), 1 directory, 1 link",
      ".dockerignore:1  *.log: a.log",
      ".env looks like a secret",
      "  .env\n",
      "0 B  \\x1b[2J\n",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("leaves links out and names them, and reads named sources alone", async () => {
    const dir = tree({ ...spec, "lib/x": "1", "lib/l": { link: "x" } });
    const left = await run("inspect", dir, "--symlinks", "skip");
    expect(left.stdout.toString()).toContain("Links left out\n  l\n  lib/l\n");
    const json = await run("inspect", dir, "--symlinks", "skip", "--json");
    expect(JSON.parse(json.stdout.toString())).toMatchObject({ skippedLinks: ["l", "lib/l"] });
    const some = await run("hash", dir, "--no-dockerfile", "--source", "src", "lib/x");
    const { hash } = await readContext({ dir, dockerfile: false, sources: ["lib/x", "src"] });
    expect(some.stdout.toString()).toBe(`${hash}\n`);
  });

  it("hash prints the hash, tar the tar that it names", async () => {
    const dir = tree(spec);
    const context = await readContext({ dir });
    expect((await run("hash", dir)).stdout.toString()).toBe(`${context.hash}\n`);
    const entries = await readTar(Readable.from([(await run("tar", dir)).stdout]));
    expect(entries.map(({ path }) => path)).toEqual([".dockerignore", "Dockerfile", "l", "src/", "src/run"]);
    const gitStyle = await run("inspect", dir, "--ignore-syntax", "gitignore", "--ignore", "src", "--json");
    expect(
      (JSON.parse(gitStyle.stdout.toString()) as { files: { path: string }[] }).files.map(({ path }) => path),
    ).toEqual([".dockerignore", "Dockerfile", "l"]);
  });

  it("diff names what changed since a tree, a manifest or an inspection, and exits 1", async () => {
    const [before, after] = [tree(spec), tree({ ...spec, "src/run": { exec: "went" }, new: "" })];
    const folder = temporaryFolder();
    writeFileSync(join(folder, "i.json"), (await run("inspect", before, "--json")).stdout);
    writeFileSync(join(folder, "h.json"), (await run("hash", before, "--json")).stdout);
    for (const against of [before, join(folder, "i.json"), join(folder, "h.json")]) {
      const { code, stdout } = await run("diff", after, "--against", against, "--json");
      expect(code).toBe(1);
      const { changes } = JSON.parse(stdout.toString()) as { changes: { path: string; kind: string }[] };
      expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual(["added new", "changed src/run"]);
    }
    expect(await run("diff", before, "--against", before)).toMatchObject({ code: 0 });
  });

  it("bad input exits 2 with one JSON error on standard error", async () => {
    const dir = tree(spec);
    const cases: [string[], string, string][] = [
      [["hash", join(dir, "nope")], "context_not_found", "nope"],
      [["hash", tree({ a: "" })], "dockerfile_not_found", "Dockerfile"],
      [["hash", dir, "--dockerfile", "x"], "dockerfile_not_found", join(dir, "x")],
      [["hash", tree({ Dockerfile: "", ".dockerignore": "[\n" })], "invalid_ignore_pattern", ".dockerignore:1"],
      [["hash", dir, "--ignore-syntax", "hg"], "usage", "ignore-syntax"],
      [["hash", dir, "--source", "none"], "source_not_found", "none"],
      [["hash", dir, "--bogus"], "usage", "--bogus"],
      [["diff", dir, "--against", join(dir, "src/run")], "usage", "not JSON"],
      [["hash"], "usage", "dir"],
    ];
    for (const [args, code, message] of cases) {
      const ran = await run(...args);
      const { error } = JSON.parse(ran.stderr) as { error: { code: string; message: string } };
      expect([ran.code, error.code], ran.stderr).toEqual([2, code]);
      expect(error.message).toContain(message);
    }
  });
});
