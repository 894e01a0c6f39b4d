import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { setImmediate, setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ContextError,
  type ContextOptions,
  type ContextTree,
  listContext,
  openContextFile,
  readContext,
  readContextFiles,
  tarContext,
} from "../../../sdk/context/index.ts";
import { DEFAULT_LIMITS } from "../../../sdk/context/limits.ts";
import { findEntry } from "../../../sdk/context/table/entry-table.ts";
import { createControl } from "../../../sdk/context/walk/control.ts";
import { digestEntries } from "../../../sdk/context/walk/digest-entries.ts";
import type { ReadJob } from "../../../sdk/context/walk/job.ts";
import { linkFailure } from "../../../sdk/context/walk/link-failure.ts";
import { isOpenInside, isStillAt, lookInto, statEntry } from "../../../sdk/context/walk/open-entry.ts";
import { treeRoot } from "../../../sdk/context/walk/tree-root.ts";
import { walkTree } from "../../../sdk/context/walk/walk-tree.ts";
import { syncedContext } from "../../../sdk/docker/build/synced-context.ts";
import { oracleCases } from "./support/environment.ts";
import { plant, temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

function read(dir: string, options: Partial<ContextOptions> = {}) {
  return readContext({ dir, dockerfile: false, statCache: false, symlinks: "copy", ...options });
}

async function failure(dir: string, options: Partial<ContextOptions> = {}) {
  const error: unknown = await read(dir, options).catch((reason: unknown) => reason);
  if (!(error instanceof ContextError)) throw new Error(`expected an error of the context, got ${String(error)}`);
  return { code: error.code, message: error.message, path: error.path };
}

/** A folder that holds the context, `app`, and beside it what no build may see. */
function world(spec: TreeSpec): { dir: string; beside: string } {
  const beside = realpathSync(temporaryFolder());
  const dir = join(beside, "app");
  mkdirSync(dir);
  plant(beside, { "secret/key": "SECRET", "app-2/key": "SECRET" });
  plant(dir, spec);
  return { dir, beside };
}

describe("links that are followed", { timeout: 60_000 }, () => {
  it("stand for what they lead to inside the context, whatever the way", async () => {
    const { dir, beside } = world({
      "lib/x": "near",
      "lib/run": { exec: "go" },
      "lib/deep/y": "deep",
      file: { link: "lib/x" },
      folder: { link: "lib" },
      chain: { link: "folder/deep/../x" },
      "sub/up": { link: "../folder/deep" },
      "out-and-in": { link: "../app/lib/x" },
    });
    symlinkSync(join(dir, "lib/run"), join(dir, "absolute"));
    // By another name of the context's folder, as /tmp is one on a Mac.
    symlinkSync(dir, join(beside, "alias"));
    symlinkSync(join(beside, "alias/lib/deep"), join(dir, "by-alias"));
    const lib = { run: { exec: "go" }, x: "near", "deep/y": "deep" };
    const below = (folder: string) => Object.fromEntries(Object.entries(lib).map(([k, v]) => [`${folder}/${k}`, v]));
    const copies = tree({
      ...below("lib"),
      ...below("folder"),
      file: "near",
      chain: "near",
      "sub/up/y": "deep",
      "out-and-in": "near",
      absolute: { exec: "go" },
      "by-alias/y": "deep",
    });
    const [linked, copied] = [await read(dir), await read(copies)];
    expect(linked.entries).toEqual(copied.entries);
    expect(linked.hash).toBe(copied.hash);
    expect(await buffer(tarContext(linked))).toEqual(await buffer(tarContext(copied)));
    expect(await text(openContextFile(linked, "sub/up/y"))).toBe("deep");
    const listed = await listContext({ dir, dockerfile: false, symlinks: "copy" });
    const [contents] = await readContextFiles(listed, [findEntry(listed.table, "folder/x")]);
    expect(Buffer.from(contents!).toString()).toBe("near");
  });

  it("may lead to what is ignored at its own path, and are ignored at theirs", async () => {
    const dir = tree({
      ".dockerignore": "real\n*/private\nlink/out\n",
      "real/a": "1",
      "real/out": "2",
      "real/private": "3",
      "real/sub/private": "4",
      link: { link: "real" },
      a: { link: "real/a" },
      private: { link: "real/private" },
    });
    expect((await read(dir)).entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
      "file .dockerignore",
      "file a",
      "dir link",
      "file link/a",
      "dir link/sub",
      "file link/sub/private",
      "file private",
    ]);
  });

  it("are an error where they leave the context, with all its ways out and nothing of what is there", async () => {
    const cases: [TreeSpec, string, string][] = [
      [{ l: { link: "/etc/passwd" } }, "l", "to /etc/passwd, outside"],
      [{ l: { link: "../secret/key" } }, "l", "to ../secret/key, which leads to BESIDE/secret/key, outside"],
      [{ l: { link: "../secret" } }, "l", "to ../secret, which leads to BESIDE/secret, outside"],
      [{ l: { link: ".." } }, "l", "to .., which leads to BESIDE, outside"],
      [{ l: { link: "/" } }, "l", "to /, outside"],
      // The beginning of a name is no folder.
      [{ l: { link: "../app-2/key" } }, "l", "to ../app-2/key, which leads to BESIDE/app-2/key, outside"],
      [
        { l: { link: "z/m" }, "z/m": { link: "../../secret/key" } },
        "l",
        "to z/m, which leads to BESIDE/secret/key, outside",
      ],
      // As the system goes, from where a link has led: by text alone it would stay inside.
      [
        { "d/l": { link: "e/../../key" }, "d/e": { link: "../f" }, "f/": "" },
        "d/l",
        "to e/../../key, which leads to BESIDE/key, outside",
      ],
      [{ "d/e/l": { link: "../../../secret" } }, "d/e/l", "which leads to BESIDE/secret, outside"],
      // What is not there, or may not be looked at, is outside all the same: nobody learns which it is.
      [{ l: { link: "../nothing/here" } }, "l", "which leads to BESIDE/nothing/here, outside"],
      [{ l: { link: "/proc/1/cwd/x" } }, "l", "to /proc/1/cwd/x, outside"],
      [{ l: { link: "/proc/self/root/etc/passwd" } }, "l", "to /proc/self/root/etc/passwd, outside"],
      [{ l: { link: "/dev/null" } }, "l", "to /dev/null, outside"],
      [{ "[a] b": { link: "/etc" } }, "[a] b", "to /etc, outside"],
    ];
    for (const [spec, path, words] of cases) {
      const { dir, beside } = world({ file: "x", ...spec });
      const { message, ...facts } = await failure(dir);
      expect(facts).toEqual({ code: "symlink_escapes_context", path });
      expect(message).toContain(`${path} is a symbolic link `);
      expect(message).toContain(words.replaceAll("BESIDE", beside));
      expect(message).toMatch(
        /outside of the context, and nothing is copied from there\. Put a copy in its place, leave links out with symlinks: "skip", or add this line to the ignore file: /,
      );
      const line = message.slice(message.lastIndexOf(": ") + 2);
      await expect(read(dir, { ignorePatterns: [line, "z"] })).resolves.toBeDefined();
      await expect(read(dir, { symlinks: "skip" })).resolves.toBeDefined();
      await expect(listContext({ dir, dockerfile: false, symlinks: "copy" })).rejects.toMatchObject(facts);
    }
    const { message } = await failure(tree({ l: { link: "/etc/passwd" } }), { ignoreSyntax: "gitignore" });
    expect(message).toMatch(/ignore file: \/l$/);
  });

  it("are an error where they lead nowhere or round in a circle", async () => {
    const dead = (says: string) =>
      `l is a symbolic link to nothing: ${says} leads to no file or folder, so there is no content to copy. Repair it, ` +
      `leave links out with symlinks: "skip", or add this line to the ignore file: l`;
    const circle = (what: string, path: string) =>
      `${what}, so copying what links point at would never end. Remove it, leave links out with symlinks: "skip", or ` +
      `add this line to the ignore file: ${path}`;
    const cases: [TreeSpec, string, string, string][] = [
      [{ l: { link: "missing" } }, "symlink_broken", "l", dead("missing")],
      [{ l: { link: "z" }, z: { link: "missing" } }, "symlink_broken", "l", dead("z")],
      [{ l: { link: "f/x" }, f: "1" }, "symlink_broken", "l", dead("f/x")],
      [{ l: { link: "l" } }, "symlink_loop", "l", circle("l is a symbolic link that leads back to itself", "l")],
      [
        { l: { link: "m" }, m: { link: "l" } },
        "symlink_loop",
        "l",
        circle("l is a symbolic link that leads back to itself", "l"),
      ],
      [
        { "a/b/up": { link: "../.." }, "a/c": "1" },
        "symlink_loop",
        "a/b/up",
        circle("a/b/up leads back to a directory above it", "a/b/up"),
      ],
      [
        { "a/to": { link: "../b" }, "b/to": { link: "../a" } },
        "symlink_loop",
        "a/to/to",
        circle("a/to/to leads back to a directory above it", "a/to/to"),
      ],
    ];
    for (const [spec, code, path, message] of cases) {
      const dir = tree(spec);
      expect(await failure(dir)).toEqual({ code, path, message });
      await expect(read(dir, { symlinks: "skip" })).resolves.toBeDefined();
      await expect(read(dir, { symlinks: "keep" })).resolves.toBeDefined();
    }
  });

  it("are an error of a tree that changes where they vanish meanwhile", () => {
    const error = linkFailure(
      { root: treeRoot(Buffer.from(tree({}))), path: "l", syntax: undefined },
      Object.assign(new Error("ENOENT"), { code: "ENOENT", syscall: "realpath" }),
    );
    expect(error).toMatchObject({ code: "file_changed", path: "l" });
  });

  it("are not looked at where they are ignored", async () => {
    const { dir } = world({
      file: "x",
      far: { link: "../secret" },
      dead: { link: "missing" },
      self: { link: "self" },
      up: { link: "." },
    });
    const { entries, ignored } = await read(dir, { ignorePatterns: ["*", "!file"] });
    expect(entries.map(({ path }) => path)).toEqual(["file"]);
    expect(ignored.map(({ path, type }) => `${type} ${path}`)).toEqual([
      "symlink dead",
      "symlink far",
      "symlink self",
      "symlink up",
    ]);
  });

  it("count, so that a few that double one another end at the limit", async () => {
    const spec: Record<string, { link: string } | string> = { "d40/": "" };
    for (let i = 0; i < 40; i++) for (const name of ["a", "b"]) spec[`d${i}/${name}`] = { link: `../d${i + 1}` };
    const dir = tree(spec);
    expect(await failure(dir, { limits: { files: 500 } })).toMatchObject({
      code: "too_many_files",
      message: expect.stringContaining(
        "The context holds more than 500 files (limits.files). The largest directories: d0",
      ),
    });
    // Counted as a service counts: the directory, not the link to it.
    const few = tree({ "d/x": "1", l: { link: "d" } });
    await expect(read(few, { limits: { entries: 4 } })).resolves.toBeDefined();
    expect(await failure(few, { limits: { entries: 3 } })).toMatchObject({ code: "too_many_entries" });
  });
});

describe("a Dockerfile or ignore file that is a link", { timeout: 60_000 }, () => {
  const modes = ["copy", "skip", "error"] as const;
  const outside = { "secret/Dockerfile": "SECRET", "secret/rules": "SECRET[\n" };

  it("may lead to a file inside", async () => {
    const dir = tree({
      "docker/Prod": "FROM prod\n",
      "docker/rules": "*.log\n",
      "a.log": "",
      Dockerfile: { link: "docker/Prod" },
      ".dockerignore": { link: "docker/rules" },
    });
    for (const symlinks of ["keep", "copy", "skip"] as const) {
      const context = await readContext({ dir, symlinks });
      const { dockerfile, ignored } = context;
      expect(dockerfile).toMatchObject({ path: "docker/Prod", content: "FROM prod\n", isInContext: true });
      expect(ignored.map(({ path }) => path)).toEqual(["a.log"]);
      // Named where it can be opened: a link is none, or is left out.
      expect(dockerfile!.ignoreFile).toBe(symlinks === "copy" ? ".dockerignore" : undefined);
      expect((await syncedContext(context))?.dockerfile).toBe("Prod");
    }
  });

  it.each<[string, TreeSpec, string | undefined, string]>([
    ["the Dockerfile", { Dockerfile: { link: "../secret/Dockerfile" } }, undefined, "Dockerfile"],
    ["the Dockerfile's folder", { docker: { link: "../secret" } }, "docker/Dockerfile", "docker/Dockerfile"],
    ["dockerfile", { dockerfile: { link: "../secret/Dockerfile" } }, undefined, "dockerfile"],
    ["a chain", { Dockerfile: { link: "d" }, d: { link: "../secret/Dockerfile" } }, undefined, "Dockerfile"],
    ["the ignore file", { Dockerfile: "", ".dockerignore": { link: "../secret/rules" } }, undefined, ".dockerignore"],
    ["one's own", { D: "", "D.dockerignore": { link: "../secret/rules" } }, "D", "D.dockerignore"],
  ])("may not lead outside, ignored or not, unless links are kept: %s", async (_what, spec, dockerfile, path) => {
    const { dir, beside } = world(spec);
    plant(beside, outside);
    for (const symlinks of modes) {
      // The ignore lines that would keep the walk from the link.
      const options = { symlinks, dockerfile, ignorePatterns: Object.keys(spec) };
      for (const { code, message, ...facts } of [await failure(dir, options)]) {
        expect({ code, ...facts }).toEqual({ code: "symlink_escapes_context", path });
        expect(message).toContain("leads outside of the context through a symbolic link");
        expect(message).not.toContain("SECRET");
      }
      await expect(listContext({ dir, ...options })).rejects.toMatchObject({ code: "symlink_escapes_context", path });
    }
  });

  it("may lie outside when it is named there, or where links are kept", async () => {
    const { dir, beside } = world({ Dockerfile: { link: "../other/Dockerfile" }, file: "x" });
    plant(beside, { "other/Dockerfile": "FROM other\n", "other/Dockerfile.dockerignore": "file\n" });
    symlinkSync("other/Dockerfile", join(beside, "linked"));
    for (const symlinks of modes) {
      for (const dockerfile of ["../other/Dockerfile", "../linked"]) {
        const context = await readContext({ dir, symlinks, dockerfile, ignorePatterns: ["Dockerfile"] });
        expect(context.dockerfile).toMatchObject({ content: "FROM other\n", isInContext: false });
        expect(context.ignored.map(({ path }) => path)).toEqual(["Dockerfile", "file"]);
      }
    }
    const kept = await readContext({ dir, ignorePatterns: ["Dockerfile"] });
    expect(kept.dockerfile).toMatchObject({ content: "FROM other\n", isInContext: false });
  });

  it("may not lead outside either when the context is named by another name of its folder", async () => {
    const { dir, beside } = world({ Dockerfile: { link: "../secret/Dockerfile" } });
    plant(beside, outside);
    symlinkSync("app", join(beside, "alias"));
    const options = { dockerfile: join(beside, "alias/Dockerfile"), ignorePatterns: ["Dockerfile"] };
    expect(await failure(join(beside, "alias"), options)).toMatchObject({ code: "symlink_escapes_context" });
    expect(await failure(dir, options)).toMatchObject({ code: "symlink_escapes_context" });
  });
});

describe("links that change after they were checked", { timeout: 60_000 }, () => {
  /** Points a link elsewhere in one step. */
  function point(link: string, target: string): void {
    const beside = join(dirname(link), "..", `${basename(link)}.new`);
    symlinkSync(target, beside);
    renameSync(beside, link);
  }

  const ways: [string, (context: ContextTree, path: string) => Promise<Buffer>][] = [
    ["opened", (context, path) => buffer(openContextFile(context, path))],
    [
      "read with others",
      async (context, path) => {
        const [bytes] = await readContextFiles(context, [findEntry(context.table, path)]);
        return Buffer.from(bytes!);
      },
    ],
    ["packed", async (context) => buffer(tarContext(context as Awaited<ReturnType<typeof read>>))],
  ];

  const list = (dir: string) => listContext({ dir, dockerfile: false, symlinks: "copy" });

  it.each(ways)("are not followed out of the context when a file is %s", async (way, get) => {
    const changes: [string, (dir: string) => void][] = [
      ["file", (dir) => point(join(dir, "file"), "../secret/key")],
      ["folder/key", (dir) => point(join(dir, "folder"), "../secret")],
      [
        "real/key",
        (dir) => (rmSync(join(dir, "real"), { recursive: true }), symlinkSync("../secret", join(dir, "real"))),
      ],
      ["file", (dir) => point(join(dir, "file"), "/proc/self/cwd")],
    ];
    for (const [path, change] of changes) {
      const { dir } = world({ "real/key": "public", file: { link: "real/key" }, folder: { link: "real" } });
      // The same size: nothing but its place tells the one from the other.
      writeFileSync(join(dir, "../secret/key"), "SECRET");
      const contexts = [await read(dir), ...(way === "packed" ? [] : [await list(dir)])];
      change(dir);
      for (const context of contexts) {
        await expect(get(context, path)).rejects.toMatchObject({
          code: "file_changed",
          message: expect.stringContaining("started to point outside the context"),
        });
      }
    }
  });

  it.each(ways)(
    "are followed to another place inside when the content is the same there and a file is %s",
    async (_way, get) => {
      const { dir } = world({ a: "same", b: "same", c: "else", l: { link: "a" } });
      const context = await read(dir);
      point(join(dir, "l"), "b");
      expect((await get(context, "l")).toString("latin1")).toContain("same");
      point(join(dir, "l"), "c");
      await expect(get(context, "l")).rejects.toMatchObject({ code: "file_changed" });
    },
  );

  it.each(["all", "coarse"] as const)("between the walk and the reading are an error (digests: %s)", (digests) => {
    const { dir } = world({ "real/key": "public", file: { link: "real/key" } });
    const job: ReadJob = {
      root: treeRoot(Buffer.from(dir)),
      ignore: {},
      symlinks: "copy",
      limits: DEFAULT_LIMITS,
      unsupported: "error",
      manifestEntries: 500,
      digests,
    };
    const { table } = walkTree(job);
    point(join(dir, "file"), "../secret/key");
    expect(() => digestEntries(table, job, createControl())).toThrow(
      /^file started to point outside the context while/,
    );
  });

  it("never get anything from outside read, however fast they change", async () => {
    const { dir, beside } = world({
      "real/key": "public",
      "real/other": "x",
      file: { link: "real/key" },
      folder: { link: "real" },
      "deep/er/file": { link: "../../folder/key" },
    });
    plant(beside, { "secret/leaked-name": "SECRET" });
    let isOver = false;
    let readingMs = 10;
    // Outside for a moment, inside for up to three times as long as a reading takes.
    const flipping = (async () => {
      while (!isOver) {
        point(join(dir, "file"), "../secret/key");
        point(join(dir, "folder"), "../secret");
        await setImmediate();
        point(join(dir, "folder"), "real");
        point(join(dir, "file"), "real/key");
        await setTimeout(Math.random() * 3 * readingMs);
      }
    })();
    const outcomes = new Set<string>();
    try {
      // Until both have happened, or it proves nothing: a reading, and a link that was caught outside.
      const isEnough = () => outcomes.has("read") && outcomes.size > 1;
      for (const begin = Date.now(); Date.now() < begin + (isEnough() ? 2_000 : 50_000);) {
        const start = Date.now();
        const options = { dir, dockerfile: false, symlinks: "copy", statCache: outcomes.size % 2 === 0 } as const;
        const context = await readContext(options).catch((error: unknown) => error);
        readingMs = Date.now() - start;
        if (context instanceof ContextError) {
          outcomes.add(context.code);
          expect(context.message).not.toMatch(/SECRET|leaked/);
          continue;
        }
        const { entries } = context as Awaited<ReturnType<typeof read>>;
        outcomes.add("read");
        expect(entries.filter(({ sha256: digest }) => digest === sha256("SECRET"))).toEqual([]);
        expect(entries.map(({ path }) => path).join()).not.toContain("leaked");
        const tar = await buffer(tarContext(context as Awaited<ReturnType<typeof read>>)).catch(() => Buffer.of());
        const opened = await text(openContextFile(context as ContextTree, "file")).catch(() => "");
        expect(tar.toString("latin1") + opened).not.toContain("SECRET");
      }
    } finally {
      isOver = true;
      await flipping;
    }
    expect(outcomes).toContain("read");
    expect(outcomes.size).toBeGreaterThan(1);
  });

  it("are not gone into, and a directory that was gone into stays the one that it was", () => {
    const { dir, beside } = world({ "real/public": "", folder: { link: "real" } });
    plant(beside, { "secret/public": "" });
    const access = { root: treeRoot(Buffer.from(dir)), followLinks: true };
    const names = lookInto(access, "folder", (directory) => {
      point(join(dir, "folder"), "../secret");
      return readdirSync(directory);
    });
    expect(names).toEqual(["public"]);
    const left = /^folder started to point outside the context while the context was being read\./;
    expect(() => lookInto(access, "folder", (directory) => readdirSync(directory))).toThrow(left);
    expect(() => statEntry(access, "folder/key")).toThrow(/^folder\/key started to point outside/);
  });

  it("are found out when the file is open already: by its place, or where no system call tells it by a second look", () => {
    const { dir, beside } = world({ "a/key": "public" });
    const root = treeRoot(Buffer.from(dir));
    // As the walk knows it: a character for each byte.
    const real = Buffer.from(join(dir, "a/key")).toString("latin1");
    const [inside, outside] = [openSync(join(dir, "a/key"), "r"), openSync(join(beside, "secret/key"), "r")];
    try {
      for (const isRight of [(path: string, fd: number) => isOpenInside(root, path, fd), isStillAt]) {
        expect(isRight(real, inside)).toBe(true);
        expect(isRight(real, outside)).toBe(false);
      }
      rmSync(join(dir, "a"), { recursive: true });
      symlinkSync("../secret", join(dir, "a"));
      // The same file behind the same path, and yet not inside.
      expect(isOpenInside(root, real, outside)).toBe(false);
      expect(isStillAt(real, outside)).toBe(false);
    } finally {
      closeSync(inside);
      closeSync(outside);
    }
  });
});

describe("a tree with links of every sort", { timeout: 120_000 }, () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const target = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constantFrom("", "", "../", "../../"), path).map(([up, to]) => up + to) },
    { weight: 2, arbitrary: path.map((to) => `ROOT/${to}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "../secret/key",
        "../../secret",
        "BESIDE/secret/key",
        "../app/a",
        "../app-2/key",
        "/etc/passwd",
        ".",
        "..",
        "/proc/self/cwd",
      ),
    },
  );
  const entries = fc.array(fc.tuple(path, fc.oneof(fc.constant(undefined), target)), { minLength: 1, maxLength: 12 });
  const ignored = fc.array(path, { maxLength: 2 });

  /**
   * Links may lead anywhere, to files of this machine among others. So they are made last: once there is one, nothing is
   * written any more, and every folder that one is put into was there before and is no link. Of two entries that want one
   * name the first to come has it.
   */
  function build(specs: readonly (readonly [string, string | undefined])[]): { dir: string; beside: string } {
    const { dir, beside } = world({});
    const links = specs.filter(([, to]) => to !== undefined);
    const files = specs.filter(([, to]) => to === undefined);
    for (const [at] of files) unlessTaken(() => mkdirSync(dirname(join(dir, at)), { recursive: true }));
    for (const [at] of files) unlessTaken(() => writeFileSync(join(dir, at), `content of ${at}`, { flag: "wx" }));
    for (const [at] of links) unlessTaken(() => mkdirSync(dirname(join(dir, at)), { recursive: true }));
    for (const [at, to] of links) {
      unlessTaken(() => symlinkSync(to!.replace("ROOT", dir).replace("BESIDE", beside), join(dir, at)));
    }
    return { dir, beside };
  }

  function unlessTaken(make: () => void): void {
    try {
      make();
    } catch (error) {
      if (!["EEXIST", "EISDIR", "ENOTDIR", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  it("is copied as it reads from inside, or refused for a link that is at fault; nothing from outside is in either", async () => {
    let [copied, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(entries, ignored, async (specs, ignorePatterns) => {
        const { dir } = build(specs);
        const inside = (real: string) => real === dir || real.startsWith(`${dir}/`);
        const context = await read(dir, { ignorePatterns }).catch((error: unknown) => error);
        if (context instanceof ContextError) {
          refused++;
          const { code, path: at = "" } = context;
          expect(context.message).not.toContain("SECRET");
          const real = realOf(join(dir, at));
          if (code === "symlink_escapes_context") expect(real === undefined || !inside(real)).toBe(true);
          else if (code === "symlink_broken") expect(existsSync(join(dir, at))).toBe(false);
          else if (code === "symlink_loop") expect(real === undefined || isAbove(dir, at, real)).toBe(true);
          else throw context;
          return;
        }
        copied++;
        const { entries: sent } = context as Awaited<ReturnType<typeof read>>;
        for (const { path: at, type, sha256: digest } of sent) {
          const real = realOf(join(dir, at))!;
          expect(inside(real)).toBe(true);
          expect(type).toBe(statSync(real).isDirectory() ? "dir" : "file");
          if (type === "file") expect(digest).toBe(sha256(readFileSync(real, "utf8")));
        }
        const tar = await buffer(tarContext(context as Awaited<ReturnType<typeof read>>));
        expect(tar.includes("SECRET")).toBe(false);
        expect(tar.includes("root:x:")).toBe(false);
      }),
      { numRuns: oracleCases(300), seed: 20_261_129 },
    );
    expect(Math.min(copied, refused)).toBeGreaterThan(20);
  });

  it("loses its links and nothing else when they are skipped", async () => {
    await fc.assert(
      fc.asyncProperty(entries, ignored, async (specs, ignorePatterns) => {
        const { dir } = build(specs);
        const skipped = await read(dir, { ignorePatterns, symlinks: "skip" });
        for (const link of skipped.skippedLinks) rmSync(join(dir, link));
        const without = await read(dir, { ignorePatterns, symlinks: "error" });
        expect(skipped.hash).toBe(without.hash);
        expect(skipped.skippedLinks).toEqual(skipped.skippedLinks.toSorted());
      }),
      { numRuns: oracleCases(100), seed: 20_261_129 },
    );
  });
});

/** What a path leads to; `undefined` when it leads nowhere. */
function realOf(path: string): string | undefined {
  try {
    // Not the native one, which is what is tested.
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a directory is, links followed, one of those on the way to an entry. */
function isAbove(dir: string, entry: string, real: string): boolean {
  const names = entry.split("/");
  return names.some((_, index) => realOf(join(dir, ...names.slice(0, index))) === real);
}
