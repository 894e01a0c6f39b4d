import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ContextError, type ContextOptions, listContext, readContext } from "../../../sdk/context/index.ts";
import { socketFolder } from "../../socket-folder.ts";
import { plant, temporaryFolder, tree } from "./support/trees.ts";
import { readUnprivileged } from "./support/unprivileged.ts";

async function read(dir: string, options: Partial<ContextOptions> = {}) {
  return readContext({ dir, dockerfile: false, statCache: false, ...options });
}

async function failure(
  dir: string,
  options: Partial<ContextOptions> = {},
): Promise<{ code: string; message: string; path?: string }> {
  const error = await read(dir, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ContextError)) throw new Error(`expected an error of the context, got ${String(error)}`);
  return { code: error.code, message: error.message, path: error.path };
}

describe("a context that is not there", { timeout: 60_000 }, () => {
  it("is an error that names the path and what to do", async () => {
    const dir = tree({ file: "x" });
    expect(await failure(join(dir, "nope"))).toMatchObject({
      code: "context_not_found",
      message: expect.stringContaining(join(dir, "nope")),
    });
    expect(await failure(join(dir, "file"))).toMatchObject({ code: "context_not_a_directory" });
    expect(await failure(dir, { dockerfile: undefined })).toEqual({
      code: "dockerfile_not_found",
      path: join(dir, "Dockerfile"),
      message: `There is no Dockerfile at ${join(dir, "Dockerfile")}. Create it, or name another one (relative paths start at the context, ${dir}).`,
    });
    expect(await failure(dir, { dockerfile: "a/b" })).toMatchObject({
      code: "dockerfile_not_found",
      path: join(dir, "a/b"),
    });
    expect(await failure(dir, { dockerfile: "." })).toMatchObject({ code: "dockerfile_unreadable" });
  });

  it("takes a file named dockerfile when there is no Dockerfile, and the ignore file beside a named one", async () => {
    const dir = tree({
      dockerfile: "FROM lower\n",
      "x/Prod": "FROM prod\n",
      "x/Prod.dockerignore": "b\n",
      ".dockerignore": "a\n",
      a: "",
      b: "",
    });
    const lower = await read(dir, { dockerfile: undefined });
    expect(lower.dockerfile).toMatchObject({
      path: "dockerfile",
      content: "FROM lower\n",
      ignoreFile: ".dockerignore",
    });
    expect(lower.ignored).toEqual([{ path: "a", type: "file", rule: ".dockerignore:1", pattern: "a" }]);
    const prod = await read(dir, { dockerfile: "x/Prod" });
    expect(prod.dockerfile).toMatchObject({ path: "x/Prod", ignoreFile: "x/Prod.dockerignore" });
    expect(prod.ignored).toEqual([{ path: "b", type: "file", rule: "x/Prod.dockerignore:1", pattern: "b" }]);
  });
});

describe("links", { timeout: 60_000 }, () => {
  it("are sent by their text, wherever it leads", async () => {
    const targets = ["/etc/passwd", "../x", "a/../../x", "sub/../../../y", "missing", "l", "./a/../a", "/"];
    for (const target of targets) {
      const { entries } = await read(tree({ a: "1", "sub/": "", l: { link: target } }));
      expect(entries).toContainEqual({ path: "l", type: "symlink", mode: "0777", size: 0, target });
    }
  });

  it("are refused with symlinks: error, unless they are ignored", async () => {
    const dir = tree({ a: "1", l: { link: "a" } });
    expect(await failure(dir, { symlinks: "error" })).toMatchObject({ code: "symlink_not_supported", path: "l" });
    await expect(read(dir, { symlinks: "error", ignorePatterns: ["l"] })).resolves.toBeDefined();
  });

  it("are left out and named with symlinks: skip, wherever they lead, unless they are ignored", async () => {
    const spec = { "a/b": "1", "c/d/e": "2", "a.b": "3" };
    const dir = tree({
      ...spec,
      "a/link": { link: "b" },
      "a-link": { link: "a" },
      "c/d/dead": { link: "missing" },
      "c/d/self": { link: "self" },
      "c/far": { link: "/etc/passwd" },
      "c/ignored": { link: "d" },
      é: { link: "../.." },
    });
    symlinkSync("a", Buffer.concat([Buffer.from(`${dir}/`), Buffer.of(0xff)]));
    const options = { symlinks: "skip", ignorePatterns: ["c/ignored"] } as const;
    const { hash, skippedLinks, ignored, unsupported } = await read(dir, options);
    expect(skippedLinks).toEqual(["a-link", "a/link", "c/d/dead", "c/d/self", "c/far", "é", "\\xff"]);
    expect(hash).toBe((await read(tree(spec))).hash);
    expect(ignored.map(({ path }) => path)).toEqual(["c/ignored"]);
    expect(unsupported).toEqual([]);
    expect((await listContext({ dir, dockerfile: false, ...options })).skippedLinks).toEqual(skippedLinks);
    // Whoever does not skip has none.
    expect((await read(tree({ l: { link: "m" } }))).skippedLinks).toEqual([]);
  });

  it("alone in a folder leave it empty with symlinks: skip, and make no entry of an excluded one", async () => {
    const dir = tree({ "kept/l": { link: "x" }, "out/l": { link: "x" } });
    const options = { symlinks: "skip", ignoreSyntax: "gitignore", ignorePatterns: ["out", "!out/l"] } as const;
    const { entries, skippedLinks } = await read(dir, options);
    expect([entries.map(({ path }) => path), skippedLinks]).toEqual([["kept"], ["kept/l", "out/l"]]);
  });
});

describe("entries that cannot be sent", { timeout: 60_000 }, () => {
  it("are left out and named, or errors that name them, never waits: FIFOs, sockets, devices", async () => {
    const unsupported = "error";
    const fifo = tree({ a: "" });
    execFileSync("mkfifo", [join(fifo, "pipe")]);
    expect(await failure(fifo, { unsupported })).toMatchObject({
      code: "unsupported_entry",
      path: "pipe",
      message: expect.stringContaining("FIFO"),
    });
    const left = [{ path: "pipe", kind: "fifo" }];
    expect((await read(fifo)).unsupported).toEqual(left);
    expect((await listContext({ dir: fifo, dockerfile: false })).unsupported).toEqual(left);
    expect((await read(fifo)).hash).toBe((await read(tree({ a: "" }))).hash);
    await expect(read(fifo, { unsupported, ignorePatterns: ["pipe"] })).resolves.toBeDefined();

    const { path: socket, remove } = socketFolder();
    onTestFinished(remove);
    plant(socket, { "sub/": "" });
    const server = createServer().listen(join(socket, "sub", "s.sock"));
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await failure(socket, { unsupported })).toMatchObject({
      code: "unsupported_entry",
      path: "sub/s.sock",
      message: expect.stringContaining("socket"),
    });

    symlinkSync("pipe", join(fifo, "link"));
    expect((await read(fifo, { symlinks: "copy" })).unsupported).toEqual([
      { path: "link", kind: "fifo" },
      { path: "pipe", kind: "fifo" },
    ]);
    // Devices that every machine has, whoever may make one: all of /dev but one of them is ignored.
    const ignorePatterns = ["*", "!null"];
    const real = { code: "unsupported_entry", path: "null", message: expect.stringContaining("device") };
    expect(await failure("/dev", { ignorePatterns, unsupported })).toMatchObject(real);
    const listed = await read("/dev", { ignorePatterns });
    expect(listed.unsupported).toContainEqual({ path: "null", kind: expect.stringContaining("device") });
  });

  it("are errors that name them: names that are not UTF-8, unless ignored", async () => {
    const dir = tree({ "sub/a": "" });
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/sub/`), Buffer.from([0xff, 0x61])]), "x");
    expect(await failure(dir)).toMatchObject({ code: "name_not_utf8", path: "sub/\\xffa" });
    expect((await read(dir, { ignorePatterns: ["sub/?a"] })).ignored.map(({ path }) => path)).toEqual(["sub/\\xffa"]);
  });

  it("are errors that name them: files and directories without permission", async () => {
    const dir = tree({ "a/secret": "x", "b/c": "" });
    chmodSync(join(dir, "a/secret"), 0);
    chmodSync(join(dir, "b"), 0);
    onTestFinished(() => chmodSync(join(dir, "b"), 0o755));
    const readings = [["b"], ["a"]].map((ignorePatterns) => ({ dir, dockerfile: false, ignorePatterns }) as const);
    expect(await readUnprivileged(readings)).toEqual(["unreadable a/secret", "unreadable b"]);
  });

  it("have a stated end: paths longer than the system opens", async () => {
    const dir = temporaryFolder();
    const name = "d".repeat(250);
    // 4,096 bytes and more below the context: made step by step, for no call takes such a path whole.
    execFileSync("sh", [
      "-c",
      `cd "$1" && for i in $(seq 17); do mkdir ${name} && cd -P ./${name} || exit 1; done; echo x > file`,
      "sh",
      dir,
    ]);
    expect(await failure(dir)).toMatchObject({
      code: "unreadable",
      message: expect.stringContaining("longer than the system can open"),
    });
    // As deep as the longest path that a call takes, 4,095 bytes, allows below a temporary folder.
    const fits = temporaryFolder();
    const depth = Math.floor((4095 - Buffer.byteLength(fits) - 101) / 251);
    plant(fits, { [`${Array.from({ length: depth }, () => name).join("/")}/${"f".repeat(100)}`]: "x" });
    expect((await read(fits)).entries.at(-1)!.path.length).toBe(depth * 251 + 100);
  });
});

describe("what is left out", { timeout: 60_000 }, () => {
  it("is named in the order of paths, not of the walk: ignored, unsupported, skipped", async () => {
    const dir = tree({ "a/x.log": "", "b.log": "", "c/x.log": "", "a/link": { link: "x" }, link: { link: "x" } });
    for (const path of ["a/pipe", "b", "c/pipe"]) execFileSync("mkfifo", [join(dir, path)]);
    const options = { ignorePatterns: ["**/*.log"], symlinks: "skip" } as const;
    const { ignored, unsupported, skippedLinks } = await read(dir, options);
    expect(ignored.map(({ path }) => path)).toEqual(["a/x.log", "b.log", "c/x.log"]);
    expect(unsupported.map(({ path }) => path)).toEqual(["a/pipe", "b", "c/pipe"]);
    expect(skippedLinks).toEqual(["a/link", "link"]);
  });
});

describe("names and sizes at the edge", { timeout: 60_000 }, () => {
  it("are entries like any other: newlines, 255 bytes, blanks, everything but slash and NUL", async () => {
    const names = [
      "new\nline",
      "n".repeat(255),
      " ",
      "\\",
      "é".repeat(127),
      "*",
      "!x",
      "#x",
      "\t",
      "\u007f",
      "\u{1f600}",
    ];
    const { entries } = await read(tree(Object.fromEntries(names.map((name) => [name, name]))));
    expect(entries.map(({ path }) => path)).toEqual(
      names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
  });

  it("are hashed whole: a sparse file of 5 GiB", { timeout: 120_000 }, async () => {
    // In memory where the system offers it: reading a hole costs nothing there, and a page for each page elsewhere.
    const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "nullspace-context-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, "big.img"), "");
    truncateSync(join(dir, "big.img"), 5 * 1024 ** 3);
    const { entries, totalBytes } = await read(dir);
    // sha256 of 5 GiB of zeros, as sha256sum says it.
    expect(entries[0]).toMatchObject({
      size: 5368709120,
      sha256: "7f06c62352aebd8125b2a1841e2b9e1ffcbed602f381c3dcb3200200e383d1d5",
    });
    expect(totalBytes).toBe(5368709120);
  });
});

describe("a tree that changes while it is read", { timeout: 60_000 }, () => {
  it(
    "gives a hash of what was there, or the error file_changed, never anything else",
    { timeout: 60_000 },
    async () => {
      // Too many to be read at once, so that this thread can change them meanwhile.
      const dir = tree(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`d${i % 7}/f${i}`, `${i}`])));
      const paths = [join(dir, "d0/f0"), join(dir, "d1/f1")];
      let isRunning = true;
      const writer = (async () => {
        for (let i = 0; isRunning; i++) {
          appendFileSync(paths[0]!, "more");
          writeFileSync(paths[1]!, "x".repeat(i % 50));
          if (i % 5 === 0) rmSync(join(dir, "d2/f2"), { force: true });
          else writeFileSync(join(dir, "d2/f2"), "back");
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      })();
      for (let i = 0; i < 6; i++) {
        const outcome = await read(dir).catch((error: unknown) => error);
        if (outcome instanceof ContextError) expect(outcome.code).toBe("file_changed");
        else expect(outcome).toHaveProperty("hash", expect.stringMatching(/^h1:[0-9a-f]{64}$/));
      }
      isRunning = false;
      await writer;
      const first = await read(dir);
      expect((await read(dir)).hash).toBe(first.hash);
    },
  );

  it("is seen although an edit keeps size and times: a file written twice within a tick", async () => {
    const dir = tree({ a: "0" });
    for (let i = 1; i < 20; i++) {
      writeFileSync(join(dir, "a"), String(i % 10));
      const digest = (await readContext({ dir, dockerfile: false })).entries[0]!.sha256;
      const fresh = (await read(dir)).entries[0]!.sha256;
      expect(digest).toBe(fresh);
    }
  });
});

describe("limits", { timeout: 60_000 }, () => {
  it("name the largest directories and a line to paste", async () => {
    const spec: Record<string, string> = { keep: "x" };
    for (let i = 0; i < 60; i++) spec[`web/node_modules/p${i % 3}/f${i}`] = "y".repeat(1000);
    for (let i = 0; i < 5; i++) spec[`src/f${i}`] = "z";
    const dir = tree(spec);
    expect(await failure(dir, { limits: { files: 20 } })).toMatchObject({
      code: "too_many_files",
      message:
        "The context holds more than 20 files (limits.files). The largest directories: web/node_modules (60 files), src (5 files). " +
        "If it is not needed, add this line to the ignore file: web/node_modules",
    });
    expect(await failure(dir, { limits: { bytes: 10_000 }, ignoreSyntax: "gitignore" })).toMatchObject({
      code: "context_too_large",
      message:
        "The context holds more than 9.8 KiB (limits.bytes). The largest directories: web/node_modules (60 files, 58.6 KiB), src (5 files, 5 B). " +
        "If it is not needed, add this line to the ignore file: /web/node_modules",
    });
    expect(await failure(dir, { limits: { fileBytes: 999 } })).toMatchObject({
      code: "file_too_large",
      message: expect.stringMatching(
        /^web\/node_modules\/p\d\/f\d+ has 1000 B, more than 999 B \(limits\.fileBytes\)\./,
      ),
    });
    await expect(read(dir, { limits: { files: 66, bytes: 60_006, fileBytes: 1000 } })).resolves.toBeDefined();
  });

  it("say that the sum is too large where it is before a file that is too large by itself", async () => {
    const dir = tree({ a: "y".repeat(600), b: "y".repeat(600), c: "y".repeat(3000), d: "y" });
    const limits = { bytes: 1_000, fileBytes: 2_000 };
    expect(await failure(dir, { limits })).toMatchObject({ code: "context_too_large" });
    expect(await failure(dir, { limits: { ...limits, bytes: 1_200 } })).toMatchObject({ code: "file_too_large" });
  });

  it("count directories where entries are limited, and say whose limit it is", async () => {
    const dir = tree({ keep: "x", "a/b/c/x": "1", "a/b/c/y": "2", "d/z": "3" });
    await expect(read(dir, { limits: { entries: 8 } })).resolves.toBeDefined();
    expect(await failure(dir, { limits: { entries: 7, setBy: "the service" } })).toMatchObject({
      code: "too_many_entries",
      message:
        "The context holds more than 7 files and directories, the most that the service takes. The largest directories: " +
        "a (4 entries), d (1 entry). If it is not needed, add this line to the ignore file: a",
    });
    const bytes = await failure(dir, { limits: { bytes: 2, setBy: "the service" } });
    expect(bytes.message).toMatch(/^The context holds more than 2 B, the most that the service takes\. The largest/);
    expect((await failure(dir, { limits: { fileBytes: 0, setBy: "the service" } })).message).toMatch(
      /has 1 B, more than 0 B, the most that the service takes\. Ignore it, or fetch it in the build\.$/,
    );
  });

  it("do not count directories that Git's rules leave out, though they are looked into", async () => {
    const dir = tree({ ".dockerignore": "a/*\n!a/keep\n", "a/b/x": "1", "a/keep": "2", "c/d/e/x": "3" });
    const options = { ignoreSyntax: "gitignore", ignorePatterns: ["c/**"] } as const;
    const { entries } = await read(dir, options);
    await expect(read(dir, { ...options, limits: { entries: entries.length } })).resolves.toBeDefined();
    expect(await failure(dir, { ...options, limits: { entries: entries.length - 1 } })).toMatchObject({
      code: "too_many_entries",
    });
  });

  it("count nothing that is ignored", async () => {
    const dir = tree({ a: "1", "big/x": "1".repeat(100), "big/y": "1" });
    await expect(read(dir, { ignorePatterns: ["big"], limits: { files: 1, bytes: 1 } })).resolves.toBeDefined();
  });
});

describe("a name that is taken", { timeout: 60_000 }, () => {
  it("is an error: the one under which an outside Dockerfile travels", async () => {
    const dockerfileContent = "FROM x\n";
    const { path } = (await read(tree({ a: "1" }), { dockerfile: undefined, dockerfileContent })).dockerfile!;
    expect(path).toBe(`.dockerfile.${createHash("sha256").update(dockerfileContent).digest("hex").slice(0, 40)}`);
    const dir = tree({ [path]: "x" });
    expect(await failure(dir, { dockerfile: undefined, dockerfileContent })).toMatchObject({ code: "name_reserved" });
    await expect(read(dir)).resolves.toBeDefined();
    await expect(read(dir, { dockerfile: undefined, dockerfileContent: "FROM y\n" })).resolves.toBeDefined();
  });
});

describe("reading", { timeout: 60_000 }, () => {
  it("ends at once when its signal aborts", async () => {
    const dir = tree({ a: "1" });
    truncateSync(join(dir, "a"), 4 * 1024 ** 3);
    const controller = new AbortController();
    const reading = read(dir, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(reading).rejects.toThrow("enough");
    await expect(read(dir, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });

  it("follows a link that is the context itself, and reads a directory of links", async () => {
    const dir = tree({ a: "1" });
    const links = temporaryFolder();
    symlinkSync(dir, join(links, "context"));
    mkdirSync(join(links, "x"));
    expect((await read(join(links, "context"))).hash).toBe((await read(dir)).hash);
  });
});
