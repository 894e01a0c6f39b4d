import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import ignore from "ignore";
import { createIgnoreMatcher, readContext, ruleFor } from "../../../sdk/context/index.ts";
import { type IgnoreCase, randomCase } from "./support/cases.ts";
import { oracleCases, oracleSeed, requiredTool } from "./support/environment.ts";
import { sentPaths } from "./support/matching.ts";
import { Random } from "./support/random.ts";
import { temporaryFolder, tree } from "./support/trees.ts";

/** Asks pathspec about every path of every case, as the service's Python client asks it: a directory also with a slash. */
const PATHSPEC_PROGRAM = `
import json, sys, warnings
import pathspec
warnings.simplefilter("ignore")
for line in sys.stdin:
    case = json.loads(line)
    try:
        spec = pathspec.GitIgnoreSpec.from_lines(case["file"].splitlines())
        print(json.dumps([p for p in case["paths"] if spec.match_file(p.rstrip("/")) or (p.endswith("/") and spec.match_file(p))]))
    except Exception:
        print(json.dumps("malformed"))
`;

function pathspec(cases: readonly IgnoreCase[]): (string[] | "malformed")[] {
  const python = requiredTool("NULLSPACE_PYTHON", "a Python with the package pathspec");
  const input = cases.map((each) => `${JSON.stringify(each)}\n`).join("");
  const output = execFileSync(python, ["-c", PATHSPEC_PROGRAM], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string[] | "malformed");
}

function ignoredByUs({ file, paths }: IgnoreCase): string[] | "malformed" {
  const source = { syntax: "gitignore", file: { name: ".dockerignore", text: file } } as const;
  if (sentPaths(source, []) === "malformed") return "malformed";
  const matcher = createIgnoreMatcher(source);
  return paths.filter((path) => ruleFor(matcher, path.replace(/\/$/, ""), path.endsWith("/")));
}

describe("Git's ignore rules", { timeout: 60_000 }, () => {
  it(
    "decide as pathspec, the library of the service's Python client, in thousands of random cases",
    { timeout: 60_000 },
    () => {
      const random = new Random(oracleSeed());
      const cases = Array.from({ length: oracleCases(2000) }, () => randomCase(random, "wild"));
      const expected = pathspec(cases);
      for (const [index, each] of cases.entries())
        expect(ignoredByUs(each), JSON.stringify(each)).toEqual(expected[index]);
    },
  );

  it("skip a directory only where nothing below it is sent", { timeout: 30_000 }, () => {
    const random = new Random(oracleSeed() + 1);
    for (let i = 0; i < 1000; i++) {
      const each = randomCase(random, "wild");
      const ignored = ignoredByUs(each);
      if (ignored === "malformed") continue;
      const source = { syntax: "gitignore", file: { name: ".dockerignore", text: each.file } } as const;
      expect(sentPaths(source, each.paths), JSON.stringify(each)).toEqual(
        each.paths.filter((path) => !ignored.includes(path)),
      );
    }
  });

  it("decide as git and as the package `ignore` where no exception stands in the file", { timeout: 60_000 }, () => {
    const random = new Random(oracleSeed() + 2);
    const folder = temporaryFolder();
    execFileSync("git", ["init", "-q"], { cwd: folder });
    let compared = 0;
    for (let i = 0; i < 60; i++) {
      const each = randomCase(random, "plain");
      // Exceptions below excluded directories, and `\r` and a BOM, are what Python reads in its own way.
      const file = each.file
        .replace(/\r|\ufeff/g, "")
        .split("\n")
        .filter((line) => !/^\s*!|[^\\]\s+$|\[|\t/.test(line))
        .join("\n");
      // Files alone: git takes a path that ends with a slash by its letters.
      const names = each.paths.filter((path) => !path.endsWith("/"));
      if (names.length === 0) continue;
      execFileSync("sh", ["-c", "cat > .gitignore"], { cwd: folder, input: file });
      const asked = spawnSync("git", ["-c", "core.ignoreCase=false", "check-ignore", "--no-index", "-z", "--stdin"], {
        cwd: folder,
        input: names.map((name) => `${name}\0`).join(""),
        encoding: "utf8",
      });
      const byGit = asked.stdout.split("\0").filter((path) => path !== "");
      const byPackage = ignore({ ignorecase: false }).add(file);
      const ours = ignoredByUs({ file, paths: names });
      if (ours === "malformed") continue;
      expect(ours, JSON.stringify({ file, names })).toEqual(byGit);
      expect(
        names.filter((name) => byPackage.ignores(name)),
        JSON.stringify({ file, names }),
      ).toEqual(byGit);
      compared++;
    }
    expect(compared).toBeGreaterThan(40);
  });

  it("reach below an excluded directory, where git does not", () => {
    const file = "build/\n!build/keep.txt\n";
    expect(ignoredByUs({ file, paths: ["build/", "build/keep.txt", "build/x"] })).toEqual(["build/", "build/x"]);
    expect(ignore().add(file).ignores("build/keep.txt")).toBe(true);
  });

  it("match hostile patterns in time linear in the path, where a backtracking matcher would not come back", () => {
    const path = Array.from({ length: 16 }, () => "a".repeat(250)).join("/");
    for (const pattern of ["a*".repeat(100) + "b", "**/a*/".repeat(40) + "b", "?*".repeat(100) + "b"]) {
      expect(ruleFor(createIgnoreMatcher({ syntax: "gitignore", patterns: [pattern] }), path)).toBeUndefined();
    }
  });

  it("do not wait for ever where the package `ignore` does", async () => {
    const [pattern, path] = ["**/a/".repeat(20) + "b", "a/".repeat(60) + "c"];
    const worker = new Worker(
      `const { parentPort, workerData: [pattern, path] } = require("node:worker_threads");
       const rules = require(${JSON.stringify(createRequire(import.meta.url).resolve("ignore"))})().add(pattern);
       parentPort.postMessage("begins"); rules.ignores(path); parentPort.postMessage("ends");`,
      { eval: true, workerData: [pattern, path] },
    );
    const said: unknown[] = [];
    worker.on("message", (message) => said.push(message));
    await once(worker, "message");
    const matcher = createIgnoreMatcher({ syntax: "gitignore", patterns: [pattern] });
    // A thousand answers of ours, while the package is at its first.
    for (let i = 0; i < 1000; i++) {
      expect(ruleFor(matcher, path)).toBeUndefined();
      if (i % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
    }
    await worker.terminate();
    expect(said).toEqual(["begins"]);
  });

  it("bring the directories above a file along, as the Python client does, and keep the Dockerfile", async () => {
    const dir = tree({
      Dockerfile: "FROM x\n",
      ".dockerignore": "*\n!a/b/keep\n",
      "a/b/keep": "",
      "a/b/x": "",
      "c/y": "",
    });
    const { entries } = await readContext({ dir, ignoreSyntax: "gitignore" });
    expect(entries.map(({ path }) => path)).toEqual([".dockerignore", "Dockerfile", "a", "a/b", "a/b/keep"]);
  });
});

describe("the executable bit", { timeout: 60_000 }, () => {
  it("is what git says it is, for every mode", async () => {
    const dir = tree({});
    execFileSync("git", ["init", "-q"], { cwd: dir });
    const modes = [0o644, 0o755, 0o744, 0o700, 0o600, 0o666, 0o777, 0o400, 0o500];
    for (const mode of modes) {
      execFileSync("sh", ["-c", `echo x > m${mode.toString(8)}`], { cwd: dir });
      chmodSync(join(dir, `m${mode.toString(8)}`), mode);
    }
    execFileSync("git", ["add", "-A"], { cwd: dir });
    const byGit = execFileSync("git", ["ls-files", "-s"], { cwd: dir, encoding: "utf8" });
    const context = await readContext({ dir, dockerfile: false, ignorePatterns: [".git"] });
    const ours = context.entries.map(({ path, mode }) => `${path} 10${mode}`);
    expect(ours).toEqual(
      byGit
        .trimEnd()
        .split("\n")
        .map((line) => `${line.split("\t")[1]} ${line.split(" ")[0]}`),
    );
  });
});
