import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { comparable, contextWarnings, difference, readContext } from "../../../sdk/context/index.ts";
import { Random } from "./support/random.ts";
import { plant, tree, type TreeSpec } from "./support/trees.ts";

/** 40 directories of 25 files in four branches: more than a small cap can list. */
function wide(): Record<string, string> {
  const spec: Record<string, string> = {};
  for (let d = 0; d < 40; d++) for (let f = 0; f < 25; f++) spec[`b${d % 4}/d${d}/f${f}`] = `${d} ${f}`;
  return spec;
}

const manifestOf = async (dir: string, manifestEntries = 500) =>
  (await readContext({ dir, dockerfile: false, manifestEntries })).manifest;

describe("the manifest", { timeout: 60_000 }, () => {
  it("lists what fits, in a form for people", async () => {
    const dir = tree({ a: "1", "b/run": { exec: "1" }, "b/l": { link: "run" }, "e/": "" });
    expect(await manifestOf(dir)).toEqual({ a: "6b86b273ff34", "b/l": "-> run", "b/run": "6b86b273ff34+x", e: "dir" });
    const outside = await readContext({ dir, dockerfileContent: "1" });
    expect(outside.manifest).toMatchObject({ "(Dockerfile)": "6b86b273ff34" });
  });

  it("lists names that mean something to JavaScript, and comparing sees them", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const manifest = await manifestOf(tree(Object.fromEntries(names.map((name) => [`${name}/x`, ""]))), 4);
    expect(Object.keys(manifest)).toEqual(names.map((name) => `${name}/x`));
    const plain = await manifestOf(tree(JSON.parse('{ "__proto__": "1", "constructor": "1" }') as TreeSpec));
    expect(Object.entries(plain).map(([path]) => path)).toEqual(["__proto__", "constructor"]);
    const kept = JSON.parse(JSON.stringify(plain)) as typeof plain;
    expect(difference(kept, plain)).toEqual([]);
    expect(difference({}, plain).map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "added __proto__",
      "added constructor",
    ]);
  });

  it("lists everything as long as it fits, a large directory too", async () => {
    const spec = Object.fromEntries(Array.from({ length: 480 }, (_, i) => [`src/f${i}`, ""]));
    expect(Object.keys(await manifestOf(tree({ ...spec, a: "" }))).length).toBe(481);
  });

  it("never has more lines than its cap", async () => {
    const dir = tree(wide());
    for (const cap of [1, 2, 5, 50, 100, 500, 999, 1000]) {
      expect(Object.keys(await manifestOf(dir, cap)).length, `cap ${cap}`).toBeLessThanOrEqual(cap);
    }
    expect(Object.keys(await manifestOf(dir, 1000)).length).toBe(1000);
    expect(Object.keys(await manifestOf(dir, 1))).toEqual(["./"]);
  });

  it("shows a change in one file as one changed line whose name is the file's or a directory above it", async () => {
    const random = new Random(3);
    const dir = tree(wide());
    for (const cap of [3, 30, 120, 500]) {
      const before = await manifestOf(dir, cap);
      for (let i = 0; i < 4; i++) {
        const path = random.pick(Object.keys(wide()));
        writeFileSync(join(dir, path), `changed ${cap} ${i}`);
        const after = await manifestOf(dir, cap);
        const changes = difference(before, after).filter(({ path: line }) => before[line] !== after[line]);
        const named = changes.find(({ path: line }) => line === "./" || line === path || path.startsWith(line));
        expect(named?.kind, `${cap} ${path} ${JSON.stringify(changes)}`).toBe("changed");
        plant(dir, { [path]: wide()[path]! });
        expect(await manifestOf(dir, cap)).toEqual(before);
        expect(changes.length).toBe(1);
      }
    }
  });

  it("does not refold everything when a file is added elsewhere", async () => {
    const dir = tree(wide());
    for (const cap of [30, 60, 120, 300, 500]) {
      const before = await manifestOf(dir, cap);
      plant(dir, { "b0/d0/new": "x" });
      const after = await manifestOf(dir, cap);
      rmSync(join(dir, "b0/d0/new"));
      const elsewhere = difference(before, after).filter(({ path }) => !"b0/d0/new".startsWith(path));
      // A directory at the edge of the cap is folded, and perhaps another unfolded: 25 entries and a line each.
      expect(elsewhere.length, `cap ${cap}`).toBeLessThanOrEqual(52);
    }
  });
});

describe("comparing contexts", { timeout: 60_000 }, () => {
  it("names what was added, removed and changed, modes and link texts included", async () => {
    const before = tree({ a: "1", b: "1", l: { link: "a" }, m: "x" });
    const after = tree({ a: "2", c: "1", l: { link: "c" }, m: { exec: "x" } });
    const [old, now] = await Promise.all([before, after].map((dir) => readContext({ dir, dockerfile: false })));
    const changes = difference(comparable(old!.entries), comparable(now!.entries));
    expect(changes.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "changed a",
      "removed b",
      "added c",
      "changed l",
      "changed m",
    ]);
  });

  it("warns of what is seldom meant to be sent, with a line to paste", async () => {
    const dir = tree({
      ".env": "",
      "keys/id_rsa": "",
      "x.PEM": "",
      "web/node_modules/p/.env": "",
      ".git/HEAD": "",
      "a[1].key": "",
      fine: "",
    });
    const warnings = contextWarnings(await readContext({ dir, dockerfile: false }));
    expect(warnings.map(({ reason, ignoreLine }) => `${reason} ${ignoreLine}`)).toEqual([
      "likely_secret_file .env",
      "likely_accidental_include .git",
      "likely_secret_file a\\[1\\].key",
      "likely_secret_file keys/id_rsa",
      "likely_accidental_include web/node_modules",
      "likely_secret_file x.PEM",
    ]);
    const lines = warnings.map(({ ignoreLine }) => ignoreLine);
    const cleaned = await readContext({ dir, dockerfile: false, ignorePatterns: lines });
    expect(contextWarnings(cleaned)).toEqual([]);
    expect(cleaned.entries.map(({ path }) => path)).toEqual(["fine", "keys", "web"]);
  });
});
