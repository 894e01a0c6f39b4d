import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ContextOptions, readContext } from "../../../sdk/context/index.ts";
import { temporaryFolder, plant, tree, type TreeSpec } from "./support/trees.ts";

async function hashOf(dir: string, options: Partial<ContextOptions> = {}): Promise<string> {
  return (await readContext({ dir, dockerfile: false, ...options })).hash;
}

interface Vector {
  name: string;
  tree: Record<string, string | { link: string } | { exec: string }>;
  options?: Partial<ContextOptions>;
  hash: string;
}
const vectors = JSON.parse(readFileSync(new URL("./vectors/hash-h1.json", import.meta.url), "utf8")) as Vector[];

/** The format as the documentation tells it, written a second time and in the plainest way. */
function byTheBook(records: readonly [kind: string, path: string, payload: Buffer][]): string {
  const hash = createHash("sha256");
  for (const [kind, path, payload] of records) {
    const name = Buffer.from(path);
    const length = (bytes: Buffer) => Buffer.from(bytes.length.toString(16).padStart(8, "0"), "hex");
    hash.update(Buffer.concat([Buffer.from(kind), length(name), name, length(payload), payload]));
  }
  return `h1:${hash.digest("hex")}`;
}
const sha256 = (text: string) => createHash("sha256").update(text).digest();

describe("the h1 hash", { timeout: 60_000 }, () => {
  it.each(vectors)("is the published one for $name", async ({ tree: spec, options, hash }) => {
    expect(await hashOf(tree(spec), options)).toBe(hash);
  });

  it("is SHA-256 over the documented records", async () => {
    const dir = tree({
      Dockerfile: "FROM x\n",
      "b/run": { exec: "go" },
      "b.txt": "t",
      "b/l": { link: "run" },
      "e/": "",
    });
    const records: [string, string, Buffer][] = [
      ["f", "Dockerfile", sha256("FROM x\n")],
      ["d", "b", Buffer.alloc(0)],
      ["f", "b.txt", sha256("t")],
      ["l", "b/l", Buffer.from("run")],
      ["x", "b/run", sha256("go")],
      ["d", "e", Buffer.alloc(0)],
    ];
    expect(await hashOf(dir)).toBe(byTheBook(records));
    expect(await hashOf(dir, { dockerfile: undefined })).toBe(
      byTheBook([...records, ["D", "Dockerfile", sha256("FROM x\n")]]),
    );
    expect(await hashOf(dir, { dockerfile: undefined, dockerfileContent: "FROM y\n" })).toBe(
      byTheBook([...records, ["O", "Dockerfile", sha256("FROM y\n")]]),
    );
  });

  it("is the same whatever the times, owner, umask, place, order of creation, hard links and ignored files", async () => {
    const spec: TreeSpec = { a: "1", "d/b": "2", "d/c": "2", "e/": "", "d/l": { link: "b" }, ".dockerignore": "tmp\n" };
    const first = tree(spec);
    const expected = await hashOf(first);
    const second = plant(join(temporaryFolder(), "else", "where"), Object.fromEntries(Object.entries(spec).reverse()));
    rmSync(join(second, "d/c"));
    linkSync(join(second, "d/b"), join(second, "d/c"));
    for (const path of ["a", "d", "d/b"]) utimesSync(join(second, path), 1, 1);
    chmodSync(join(second, "a"), 0o600);
    chmodSync(join(second, "d"), 0o700);
    if (process.getuid?.() === 0) chownSync(join(second, "a"), 4242, 4242);
    plant(second, { "tmp/x": "ignored" });
    expect(await hashOf(second)).toBe(expected);
    plant(second, { "tmp/x": "still ignored", "tmp/y": "" });
    expect(await hashOf(second)).toBe(expected);
  });

  it("changes with content, name, executable bit, link target, empty directories, and what an entry is", async () => {
    const spec: TreeSpec = { a: "1", "d/b": "2", l: { link: "a" } };
    const variants: TreeSpec[] = [
      spec,
      { ...spec, a: "2" },
      { "a.": "1", "d/b": "2", l: { link: "a" } },
      { ...spec, a: { exec: "1" } },
      { ...spec, l: { link: "d" } },
      { ...spec, l: "a" },
      { ...spec, "e/": "" },
      { "a/": "", "d/b": "2", l: { link: "a" } },
      { a: "1", d: "2", l: { link: "a" } },
      { a: "1", "d/b/": "", l: { link: "a" } },
      { a: "1", "d/b": "2" },
      {},
    ];
    const hashes = await Promise.all(variants.map((variant) => hashOf(tree(variant))));
    expect(new Set(hashes).size).toBe(variants.length);
  });

  it("tells apart what only the borders between fields tell apart", async () => {
    const digest = sha256("x").toString("latin1");
    const variants: TreeSpec[] = [
      { ab: "c" },
      { a: "bc" },
      { "a/b": "c" },
      { a: { link: "bc" } },
      { ab: { link: "c" } },
      { "a\nf": "x" },
      { a: { link: digest.replace(/[\0/]/g, "_") } },
      { a: "x", b: "" },
      { a: "", b: "x" },
      { "NFC-\u00e9": "1" },
      { "NFC-e\u0301": "1" },
    ];
    const hashes = await Promise.all(variants.map((variant) => hashOf(tree(variant))));
    expect(new Set(hashes).size).toBe(variants.length);
  });

  it(
    "is the same for equal trees and another for different ones, whatever they hold",
    { timeout: 60_000 },
    async () => {
      const name = fc.stringMatching(/^[a-c.\-é]{1,3}$/u).filter((text) => text !== "." && text !== "..");
      const content = fc.oneof(
        fc.constantFrom("", "x", "y"),
        fc.constantFrom("", "x").map((exec) => ({ exec })),
        fc.constantFrom("a", "b").map((link) => ({ link })),
      );
      const flat = fc.dictionary(
        fc.tuple(fc.constantFrom("", "d/", "d-/", "d/e/"), name).map(([d, n]) => `${d}${n}`),
        content,
        { maxKeys: 5 },
      );
      // A name cannot be both a file and a directory.
      const specs = flat.filter((spec) => !["d", "d-", "d/e"].some((path) => path in spec));
      await fc.assert(
        fc.asyncProperty(specs, specs, async (left, right) => {
          const canonical = (spec: TreeSpec) =>
            JSON.stringify(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)));
          const [a, b] = await Promise.all([hashOf(tree(left)), hashOf(tree(right))]);
          expect(a === b).toBe(canonical(left) === canonical(right));
        }),
        { numRuns: 60 },
      );
    },
  );

  it("does not change when the context moves, or the outside Dockerfile does", async () => {
    const dir = tree({ a: "1" });
    const outside = tree({ "x/Dockerfile": "FROM x\n", "y/Other": "FROM x\n" });
    const before = await hashOf(dir, { dockerfile: join(outside, "x/Dockerfile") });
    expect(await hashOf(dir, { dockerfile: join(outside, "y/Other") })).toBe(before);
    expect(await hashOf(dir, { dockerfileContent: "FROM x\n" })).toBe(before);
    const moved = join(temporaryFolder(), "moved");
    mkdirSync(moved);
    renameSync(dir, join(moved, "b"));
    expect(await hashOf(join(moved, "b"), { dockerfileContent: "FROM x\n" })).toBe(before);
    writeFileSync(join(moved, "b", "a"), "2");
    expect(await hashOf(join(moved, "b"), { dockerfileContent: "FROM x\n" })).not.toBe(before);
  });
});
