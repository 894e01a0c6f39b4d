import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ContextError,
  type ContextOptions,
  listContext,
  openContextFile,
  readContext,
  tarContext,
} from "../../../sdk/context/index.ts";
import { textAt } from "../../../sdk/context/table/text-column.ts";
import { oracleCases } from "./support/environment.ts";
import { plant, temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";
import { readUnprivileged } from "./support/unprivileged.ts";

function read(dir: string, sources: readonly string[] | undefined, options: Partial<ContextOptions> = {}) {
  return readContext({ dir, dockerfile: false, statCache: false, sources, ...options });
}

async function failure(dir: string, sources: readonly string[], options: Partial<ContextOptions> = {}) {
  const error: unknown = await read(dir, sources, options).catch((reason: unknown) => reason);
  if (!(error instanceof ContextError)) throw new Error(`expected an error of the context, got ${String(error)}`);
  return { code: error.code, message: error.message, path: error.path };
}

const paths = ({ entries }: { entries: readonly { path: string }[] }) => entries.map(({ path }) => path);

const SPEC: TreeSpec = {
  "src/a": "1",
  "src/deep/run": { exec: "2" },
  "src/empty/": "",
  "src-2/x": "3",
  "lib/b/c": "4",
  "lib/b/d": "5",
  "lib/e": "6",
  top: "7",
};

describe("a context with sources", { timeout: 60_000 }, () => {
  it("is the one of a tree that holds nothing else", async () => {
    const dir = tree(SPEC);
    const alone = tree({
      "src/a": "1",
      "src/deep/run": { exec: "2" },
      "src/empty/": "",
      "lib/b/c": "4",
      top: "7",
    });
    const some = await read(dir, ["top", "src", "lib/b/c"]);
    const whole = await read(alone, undefined);
    expect(paths(some)).toEqual([
      ...["lib", "lib/b", "lib/b/c"],
      ...["src", "src/a", "src/deep", "src/deep/run", "src/empty"],
      "top",
    ]);
    expect(some.hash).toBe(whole.hash);
    expect(some.manifest).toEqual(whole.manifest);
    expect(await buffer(tarContext(some))).toEqual(await buffer(tarContext(whole)));
    expect(await text(openContextFile(some, "lib/b/c"))).toBe("4");
    const listed = await listContext({ dir, dockerfile: false, sources: ["top", "src", "lib/b/c"] });
    expect(Array.from({ length: listed.table.length }, (_, index) => textAt(listed.table.paths, index))).toEqual(
      paths(some),
    );
    expect(paths(await read(dir, []))).toEqual([]);
  });

  it("does not change with what lies beside its sources, and does with the names on the way to them", async () => {
    const dir = tree(SPEC);
    const sources = ["src", "lib/b/c"];
    const { hash } = await read(dir, sources);
    const changes: (() => void)[] = [
      () => renameSync(join(dir, "lib/e"), join(dir, "lib/f")),
      () => renameSync(join(dir, "src-2"), join(dir, "src-3")),
      () => writeFileSync(join(dir, "lib/b/d"), "other"),
      () => plant(dir, { ".dockerignore": "src-3\n", new: "", "lib/b/new/er": "", l: { link: "src" } }),
    ];
    for (const change of changes) {
      change();
      expect((await read(dir, sources)).hash).toBe(hash);
    }
    appendFileSync(join(dir, "src/deep/run"), "!");
    expect((await read(dir, sources)).hash).not.toBe(hash);
    renameSync(join(dir, "lib/b"), join(dir, "lib/g"));
    expect((await read(dir, ["src", "lib/g/c"])).hash).not.toBe(hash);
    expect(await failure(dir, sources)).toMatchObject({ code: "source_not_found", path: "lib/b/c" });
  });

  it("is the same however its sources are written", async () => {
    const dir = realpathSync(tree(SPEC));
    const alias = join(temporaryFolder(), "alias");
    symlinkSync(dir, alias);
    const { hash } = await read(dir, ["lib/b", "src"]);
    for (const sources of [
      ["./lib/b", "src/"],
      ["src", "lib/b", "src/deep", "src"],
      ["lib//b/./", "./lib/../src//"],
      [join(dir, "lib/b"), "src"],
    ]) {
      expect((await read(dir, sources)).hash).toBe(hash);
    }
    expect((await read(alias, [join(alias, "lib/b"), join(dir, "src/")])).hash).toBe(hash);
  });

  it("is all of it with a dot, whatever else is named", async () => {
    const dir = tree({ ...SPEC, Dockerfile: "FROM x\n", ".dockerignore": "lib\n" });
    for (const dockerfile of ["Dockerfile", false] as const) {
      const { hash } = await read(dir, undefined, { dockerfile });
      for (const sources of [["."], ["./"], ["src", "."], [dir], ["src/.."]]) {
        expect((await read(dir, sources, { dockerfile })).hash).toBe(hash);
      }
    }
    expect(await failure(dir, [".", "src/none"])).toMatchObject({ code: "source_not_found", path: "src/none" });
    expect(await failure(dir, [".", "lib/e"])).toMatchObject({ code: "source_ignored", path: "lib/e" });
  });

  it("has names of every kind", async () => {
    const names = ["é", "日本/ü", "a b", "new\nline", "*", "[x]", "!y", "#z", "back\\slash", "..x", "-"];
    const dir = tree({ ...Object.fromEntries(names.map((name) => [name, name])), other: "" });
    const { entries } = await read(dir, names);
    expect(entries.filter(({ type }) => type === "file").map(({ path }) => path)).toEqual(
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });

  it("has the Dockerfile and its ignore file with it, and without a Dockerfile the rules alone", async () => {
    const dir = tree({ ...SPEC, "docker/Prod": "FROM x\n", ".dockerignore": "**/a\ndocker\n" });
    const built = await read(dir, ["src"], { dockerfile: "docker/Prod" });
    expect(paths(built)).toEqual([
      ...[".dockerignore", "docker/Prod"],
      ...["src", "src/deep", "src/deep/run", "src/empty"],
    ]);
    expect(built.dockerfile).toMatchObject({ path: "docker/Prod", isInContext: true, ignoreFile: ".dockerignore" });
    const inline = await read(dir, ["src"], { dockerfile: undefined, dockerfileContent: "FROM y\n" });
    expect(paths(inline)).toEqual([".dockerignore", "src", "src/deep", "src/deep/run", "src/empty"]);
    const none = await read(dir, ["src"]);
    expect(paths(none)).toEqual(["src", "src/deep", "src/deep/run", "src/empty"]);
    expect(none.ignored).toEqual([{ path: "src/a", type: "file", rule: ".dockerignore:1", pattern: "**/a" }]);
    // Another line about something else is no other context.
    appendFileSync(join(dir, ".dockerignore"), "lib\n");
    expect((await read(dir, ["src"])).hash).toBe(none.hash);
    expect(paths(await read(dir, [".dockerignore", "top"]))).toEqual([".dockerignore", "top"]);
  });

  it("keeps to the limits with what it holds", async () => {
    const dir = tree({ "node_modules/x": "1", "node_modules/y": "2", "src/a": "3", "src/b": "4" });
    await expect(read(dir, ["src"], { limits: { files: 2, bytes: 2, entries: 3 } })).resolves.toBeDefined();
    expect(await failure(dir, ["src"], { limits: { files: 1 } })).toMatchObject({ code: "too_many_files" });
  });
});

describe("what lies beside the sources", { timeout: 60_000 }, () => {
  it("is not listed, nor looked at: what would be an error anywhere is none there", async () => {
    const dir = tree({ "a/src/x": "1", "a/beside/y": "2", "beside/z": "3", dead: { link: "missing" } });
    for (const folder of ["beside", "a/beside", "."]) {
      execFileSync("mkfifo", [join(dir, folder, "pipe")]);
      writeFileSync(Buffer.concat([Buffer.from(`${join(dir, folder)}/`), Buffer.from([0xff])]), "not UTF-8");
      symlinkSync("/etc", join(dir, folder, "far"));
    }
    for (const symlinks of ["keep", "copy", "skip", "error"] as const) {
      const { entries, ignored, unsupported, skippedLinks } = await read(dir, ["a/src"], { symlinks });
      expect(paths({ entries })).toEqual(["a", "a/src", "a/src/x"]);
      expect([ignored, unsupported, skippedLinks]).toEqual([[], [], []]);
    }
  });

  it("may be unreadable, and so may be the list of a folder on the way", async () => {
    const dir = tree({ "a/src/x": "1", "a/beside/y": "2", "beside/z": "3" });
    const closed = ["a/beside", "beside", "a"].map((path) => join(dir, path));
    closed.forEach((path, index) => chmodSync(path, index === 2 ? 0o311 : 0));
    onTestFinished(() => closed.toReversed().forEach((path) => chmodSync(path, 0o755)));
    const reading = { dir, dockerfile: false } as const;
    expect(
      await readUnprivileged([reading, { ...reading, sources: ["a"] }, { ...reading, sources: ["a/src"] }]),
    ).toEqual(["unreadable a", "unreadable a", "read a a/src a/src/x"]);
  });
});

describe("a source that is no part of the context", { timeout: 60_000 }, () => {
  it("is an error when it lies outside", async () => {
    const dir = realpathSync(tree({ "src/a": "1" }));
    for (const source of ["..", "../x", "src/../../x", "/etc/passwd", "/", `${dir}-2/x`, `${dir}/../x`]) {
      expect(await failure(dir, ["src", source])).toEqual({
        code: "source_outside_context",
        path: source,
        message:
          `The source ${source} is not inside the context ${dir}. Name a file or folder inside it, or make a folder that ` +
          "holds both the context.",
      });
    }
  });

  it("is an error when it is not there", async () => {
    const dir = realpathSync(tree({ "src/a": "1" }));
    for (const source of ["none", "src/none", "src/a/b", "none/x", "SRC", "src\\a", "*", "src/a\0"]) {
      const { code, message } = await failure(dir, ["src", source]);
      expect(code).toBe("source_not_found");
      expect(message).toMatch(
        /^There is no file or folder .+ in the context .+\. Check the path of the source: it starts at/s,
      );
    }
    expect(await failure(dir, ["./src/none/"])).toEqual({
      code: "source_not_found",
      path: "src/none",
      message: `There is no file or folder src/none in the context ${dir}. Check the path of the source: it starts at the context.`,
    });
    expect((await failure(dir, [""])).message).toBe(
      'A source is an empty text. Name a file or folder of the context, or "." for all of it.',
    );
    const long = `src/${"n".repeat(300)}`;
    expect(await failure(dir, [long])).toMatchObject({ code: "unreadable", path: long });
    await expect(listContext({ dir, dockerfile: false, sources: ["none"] })).rejects.toMatchObject({
      code: "source_not_found",
    });
  });

  it("is an error that names the rule when it is ignored", async () => {
    const dir = tree({ ".dockerignore": "# x\nlib\n*.log\n", "lib/b/c": "1", "src/a.log": "2", "a.log": "3", d: "" });
    const cases: [string, Partial<ContextOptions>, string, string][] = [
      ["lib", {}, ".dockerignore:2 (lib)", "!lib"],
      ["lib/b/c", {}, ".dockerignore:2 (lib)", "!lib/b/c"],
      ["a.log", {}, ".dockerignore:3 (*.log)", "!a.log"],
      ["src/a.log", { ignoreSyntax: "gitignore" }, ".dockerignore:3 (*.log)", "!/src/a.log"],
      ["d", { ignorePatterns: ["x", "d"] }, "ignorePatterns[1] (d)", "!d"],
    ];
    for (const [source, options, rule, exception] of cases) {
      expect(await failure(dir, ["src", source], options)).toEqual({
        code: "source_ignored",
        path: source,
        message:
          `The source ${source} is ignored by ${rule}. Change that rule, add the exception ${exception} after it, or ` +
          "leave the source out.",
      });
      const ignorePatterns = [...(options.ignorePatterns ?? []), exception];
      await expect(read(dir, ["src", source], { ...options, ignorePatterns })).resolves.toBeDefined();
    }
    // That it is not there comes first; but an ignored link is not followed to find out.
    expect(await failure(dir, ["lib/none"])).toMatchObject({ code: "source_not_found" });
    symlinkSync("/etc", join(dir, "etc"));
    for (const symlinks of ["copy", "keep"] as const) {
      for (const source of ["etc", "etc/passwd", "etc/none"]) {
        const options = { symlinks, ignorePatterns: ["etc"] };
        expect(await failure(dir, [source], options)).toMatchObject({ code: "source_ignored", path: source });
      }
    }
    // An exception that is not come to, as the folder above is not entered for it.
    expect(await failure(dir, ["lib/b/c"], { ignorePatterns: ["!*/b/c"] })).toMatchObject({ code: "source_ignored" });
  });

  it("is none when an exception brings back what lies below it", async () => {
    const dir = tree({ "src/keep": "1", "src/drop": "2", "lib/x": "3" });
    const exceptions = [
      ["*", "!src/keep"],
      ["src", "!src/keep"],
    ];
    for (const ignoreSyntax of ["docker", "gitignore"] as const) {
      // To Git, the star is about every name below as well.
      for (const ignorePatterns of ignoreSyntax === "docker"
        ? [...exceptions, ["*", "!src", "src/drop"]]
        : exceptions) {
        const all = await read(dir, undefined, { ignoreSyntax, ignorePatterns: [...ignorePatterns, "lib"] });
        const some = await read(dir, ["src"], { ignoreSyntax, ignorePatterns });
        expect(some.hash).toBe(all.hash);
        expect(paths(some)).toContain("src/keep");
      }
      expect(await failure(dir, ["src"], { ignoreSyntax, ignorePatterns: ["*", "!src/none"] })).toMatchObject({
        code: "source_ignored",
      });
    }
    // A folder whose whole content is ignored is an empty folder.
    expect(paths(await read(dir, ["src"], { ignorePatterns: ["src/*"] }))).toEqual(["src"]);
  });

  it("is an error when it cannot be sent", async () => {
    const dir = tree({ "src/a": "1" });
    execFileSync("mkfifo", [join(dir, "src/pipe")]);
    for (const unsupported of ["error", "list"] as const) {
      expect(await failure(dir, ["src/pipe"], { unsupported })).toMatchObject({
        code: "unsupported_entry",
        path: "src/pipe",
      });
    }
  });

  it("is what the mode for links makes of it when it is a link, or lies behind one", async () => {
    const dir = tree({ "real/x": "1", "real/y": "2", link: { link: "real" }, "a/l": { link: "../real/x" } });
    const options = (symlinks: ContextOptions["symlinks"]) => ({ symlinks }) as const;
    expect(paths(await read(dir, ["link/x", "a/l"], options("copy")))).toEqual(["a", "a/l", "link", "link/x"]);
    expect(paths(await read(dir, ["link", "a"], options("keep")))).toEqual(["a", "a/l", "link"]);
    expect(await failure(dir, ["link/x"], options("keep"))).toEqual({
      code: "symlink_not_supported",
      path: "link/x",
      message:
        "The source link/x lies behind the symbolic link link, and links are sent as links. Name what the link leads to, " +
        'or set symlinks: "copy".',
    });
    expect(await failure(dir, ["a/l"], options("skip"))).toEqual({
      code: "symlink_not_supported",
      path: "a/l",
      message:
        'The source a/l is a symbolic link, and symlinks: "skip" leaves links out. Name what the link leads to, or set ' +
        'symlinks: "copy".',
    });
    for (const sources of [["link/x"], [".", "link/x"]]) {
      expect(await failure(dir, sources, options("skip"))).toMatchObject({
        code: "symlink_not_supported",
        path: "link/x",
      });
    }
    // One that is only below a source is left out like any other.
    expect((await read(dir, ["a", "real"], options("skip"))).skippedLinks).toEqual(["a/l"]);
    expect(await failure(dir, ["link"], options("error"))).toMatchObject({
      code: "symlink_not_supported",
      path: "link",
    });
    // Where it leads need not be among the sources; outside of the context it may not be.
    symlinkSync("/etc", join(dir, "etc"));
    expect(await failure(dir, ["etc/passwd"], options("copy"))).toMatchObject({
      code: "symlink_escapes_context",
      path: "etc",
    });
  });
});

describe("readings with other sources", { timeout: 60_000 }, () => {
  it("are never taken for one another, at once or one after the other, in memory or in a file", async () => {
    const dir = tree(SPEC);
    await setTimeout(80); // The files settle, so that the caches are used at all.
    const sets = [["src"], ["lib"], ["lib", "src"], undefined, ["src/a"], []];
    const fresh = await Promise.all(sets.map(async (sources) => (await read(dir, sources)).hash));
    expect(new Set(fresh).size).toBe(sets.length);
    const hashes = (statCache: boolean | string) =>
      sets.map(async (sources) => (await read(dir, sources, { statCache })).hash);
    for (let round = 0; round < 2; round++) expect(await Promise.all(hashes(true))).toEqual(fresh);
    const cache = join(temporaryFolder(), "cache");
    for (let round = 0; round < 2; round++) {
      for (const [index, sources] of sets.entries()) {
        for (let again = 0; again < 2; again++) {
          expect((await read(dir, sources, { statCache: cache })).hash).toBe(fresh[index]);
        }
      }
    }
  });
});

describe("random trees", { timeout: 120_000 }, () => {
  const name = fc.constantFrom("a", "b", "ab", "a.b");
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const pattern = fc
    .tuple(fc.constantFrom("", "!"), fc.constantFrom("", "*/", "**/"), path)
    .map((parts) => parts.join(""));

  it("have with sources the hash of a tree that holds nothing else, or name a source of which nothing is sent", async () => {
    let [equal, refused] = [0, 0];
    const files = fc.uniqueArray(path, { minLength: 3, maxLength: 12 });
    const sources = fc.array(path, { minLength: 1, maxLength: 3 });
    const syntax = fc.constantFrom("docker", "gitignore");
    await fc.assert(
      fc.asyncProperty(files, sources, fc.array(pattern, { maxLength: 3 }), syntax, async (all, some, ignore, how) => {
        const [dir, alone] = [temporaryFolder(), temporaryFolder()];
        const isWanted = (file: string) => some.some((source) => file === source || file.startsWith(`${source}/`));
        // A file that is another one's folder is left out.
        const made = all.filter((file) => !all.some((other) => other.startsWith(`${file}/`)));
        for (const file of made) {
          for (const root of isWanted(file) ? [dir, alone] : [dir]) {
            mkdirSync(dirname(join(root, file)), { recursive: true });
            writeFileSync(join(root, file), file);
          }
        }
        const options = { ignorePatterns: ignore, ignoreSyntax: how } as const;
        const context = await read(dir, some, options).catch((error: unknown) => error);
        if (context instanceof ContextError) {
          refused++;
          const isThere = made.some((file) => file === context.path || file.startsWith(`${context.path}/`));
          expect(context.code).toBe(isThere ? "source_ignored" : "source_not_found");
          const sent = paths(await read(dir, undefined, options));
          expect(sent.filter((file) => file === context.path || file.startsWith(`${context.path}/`))).toEqual([]);
          return;
        }
        equal++;
        const whole = await read(alone, undefined, options);
        expect(paths(context as typeof whole)).toEqual(paths(whole));
        expect((context as typeof whole).hash).toBe(whole.hash);
        rmSync(alone, { recursive: true });
        rmSync(dir, { recursive: true });
      }),
      { numRuns: oracleCases(400), seed: 20_261_129 },
    );
    expect(Math.min(equal, refused)).toBeGreaterThan(20);
  });
});
