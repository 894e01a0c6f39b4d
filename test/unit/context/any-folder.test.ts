import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import {
  ContextError,
  type ContextOptions,
  listContext,
  openContextFile,
  readContext,
  readContextFiles,
  tarContext,
} from "../../../sdk/context/index.ts";
import { findEntry } from "../../../sdk/context/table/entry-table.ts";
import { temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";

// Where a context lies is no part of it: in every folder that the system allows, everything is as in a plain one.

const FOLDERS = {
  accents: "José",
  "accents as letters and marks": "Jose\u0301",
  CJK: "日本",
  emoji: "🎉👩‍👩‍👧",
  spaces: " with  spaces ",
  quotes: `it's "so"`,
  "signs of URLs": "a%20b#c?d&e=f:g@h",
  "signs of patterns": "[a]*{b,c}!(d)",
  "backslashes and newlines": "back\\slash\nnew line",
  "Latin-1's own letters": "\u00c3\u00a9\u0080",
  "a long path": join(...Array.from({ length: 10 }, () => "José's 日本 folder")),
};
const SPEC: TreeSpec = {
  Dockerfile: "FROM x\n",
  ".dockerignore": "*.log\n!ü.log\n",
  "a.log": "out",
  "ü.log": "in",
  "src/日本/é": "deep",
  "src/run": { exec: "go" },
  "empty/": "",
  link: { link: "src/日本" },
};

/** Everything that is known of a context, but where it lies. */
async function facts(dir: string, options: Partial<ContextOptions> = {}) {
  const context = await readContext({ dir, statCache: false, ...options });
  const { hash, entries, manifest, ignored, totalBytes, dockerfile } = context;
  return { hash, entries, manifest, ignored, totalBytes, dockerfile, tar: await buffer(tarContext(context)) };
}

function placed(folder: string): string {
  const dir = join(temporaryFolder(), folder);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** The tree in a folder of the name. */
function treeIn(folder: string, spec = SPEC): string {
  const dir = placed(folder);
  execFileSync("cp", ["-a", `${tree(spec)}/.`, dir]);
  return dir;
}

describe.for(Object.entries(FOLDERS))("a context in a folder with %s", { timeout: 60_000 }, ([, folder]) => {
  it("is read, hashed and packed as in any other, whatever is done with links", async () => {
    const [here, plain] = [treeIn(folder), tree(SPEC)];
    for (const symlinks of ["keep", "copy"] as const) {
      expect(await facts(here, { symlinks })).toEqual(await facts(plain, { symlinks }));
    }
    await expect(readContext({ dir: here, symlinks: "error" })).rejects.toMatchObject({
      code: "symlink_not_supported",
      path: "link",
    });
  });

  it("is listed, and each of its files opened, alone and together", async () => {
    const dir = treeIn(folder);
    utimesSync(join(dir, "src/run"), 1_000_000_000, 1_000_000_000);
    for (const context of [await listContext({ dir }), await readContext({ dir })]) {
      expect(context.dir).toBe(dir);
      expect(await text(openContextFile(context, "src/日本/é"))).toBe("deep");
      const paths = ["src/run", "src/日本/é", "ü.log"];
      const contents = await readContextFiles(
        context,
        paths.map((path) => findEntry(context.table, path)),
      );
      expect(contents.map((bytes) => Buffer.from(bytes).toString())).toEqual(["go", "deep", "in"]);
    }
  });

  it("keeps what it knows of files from reading to reading, in a cache file beside it too", async () => {
    const dir = treeIn(folder);
    const statCache = join(placed(folder), "cache", "stat");
    for (const cache of [true, statCache]) {
      const first = await readContext({ dir, statCache: cache });
      expect((await readContext({ dir, statCache: cache })).hash).toBe(first.hash);
      appendFileSync(join(dir, "src/run"), "!");
      const now = await readContext({ dir, statCache: cache });
      expect(now.hash).not.toBe(first.hash);
      expect(now.hash).toBe((await readContext({ dir, statCache: false })).hash);
    }
    expect(readdirSync(join(statCache, ".."))).toEqual(["stat"]);
  });

  it("has its Dockerfile and ignore file inside or outside", async () => {
    const [here, plain] = [treeIn(folder), tree(SPEC)];
    const outside = join(placed(folder), "Dockerfile");
    for (const [name, content] of [
      ["", "FROM far\n"],
      [".dockerignore", "src\n"],
    ] as const) {
      writeFileSync(outside + name, content);
      writeFileSync(join(here, `src/日本/Prod${name}`), content);
      writeFileSync(join(plain, `src/日本/Prod${name}`), content);
    }
    const inside = await facts(here, { dockerfile: "src/日本/Prod" });
    expect(inside).toEqual(await facts(plain, { dockerfile: "src/日本/Prod" }));
    expect(inside.dockerfile).toMatchObject({ path: "src/日本/Prod", ignoreFile: "src/日本/Prod.dockerignore" });
    const far = await facts(here, { dockerfile: outside });
    expect(far.dockerfile).toMatchObject({ content: "FROM far\n", isInContext: false });
    expect(far.ignored).toContainEqual(expect.objectContaining({ path: "src", rule: `${outside}.dockerignore:1` }));
    expect(far.hash).toBe((await facts(plain, { dockerfile: outside })).hash);
  });

  it("is named as it is in errors", async () => {
    const dir = treeIn(folder, { "a/secret": "x" });
    await expect(readContext({ dir })).rejects.toMatchObject({
      code: "dockerfile_not_found",
      path: join(dir, "Dockerfile"),
      message: expect.stringContaining(`start at the context, ${dir})`),
    });
    await expect(readContext({ dir: join(dir, "none") })).rejects.toMatchObject({
      code: "context_not_found",
      path: join(dir, "none"),
    });
    const many = { dir, dockerfile: false, limits: { bytes: 0 } } as const;
    await expect(readContext(many)).rejects.toMatchObject({ code: "context_too_large", largest: [{ path: "a" }] });
  });
});

describe("a context whose path is not UTF-8", { timeout: 60_000 }, () => {
  const PROGRAM = `
    import { readContext, tarContext } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../../sdk/context/index.ts")).href)};
    import { buffer } from "node:stream/consumers";
    const context = await readContext({ dir: ".", symlinks: "copy" });
    const tar = await buffer(tarContext(context));
    console.log(JSON.stringify({ hash: context.hash, dir: context.dir, bytes: tar.length }));`;

  function latin1Folder(): { parent: string; bytes: Buffer } {
    const parent = temporaryFolder();
    const bytes = Buffer.concat([Buffer.from(`${parent}/Jos`), Buffer.from([0xe9])]);
    mkdirSync(bytes);
    return { parent, bytes };
  }

  it("is read through a link to it", async () => {
    const { parent, bytes } = latin1Folder();
    for (const name of ["Dockerfile", ".dockerignore", "é"])
      writeFileSync(Buffer.concat([bytes, Buffer.from(`/${name}`)]), "");
    symlinkSync(bytes, join(parent, "link"));
    const context = await readContext({ dir: join(parent, "link") });
    expect(context.dir).toBe(join(parent, "Jos\\xe9"));
    expect(context.hash).toBe((await readContext({ dir: tree({ Dockerfile: "", ".dockerignore": "", é: "" }) })).hash);
    await expect(readContext({ dir: join(parent, "link"), dockerfile: "none" })).rejects.toMatchObject({
      code: "dockerfile_not_found",
      path: join(parent, "Jos\\xe9/none"),
    });
  });

  it("is read as the working directory", async () => {
    const { parent } = latin1Folder();
    const spec = { Dockerfile: "FROM x\n", a: "1", l: { link: "a" } };
    const plain = await readContext({ dir: tree(spec), symlinks: "copy" });
    const output = execFileSync(
      "sh",
      [
        "-c",
        'cd "$1"/Jos* && cp -a "$2"/. . && exec "$3" --input-type=module -e "$4"',
        "sh",
        parent,
        tree(spec),
        process.execPath,
        PROGRAM,
      ],
      { encoding: "utf8" },
    );
    expect(JSON.parse(output)).toMatchObject({ hash: plain.hash, dir: join(parent, "Jos\\xe9") });
  });
});

describe("a context that cannot be reached", { timeout: 60_000 }, () => {
  it("is an error of ours with the reason: too long a name, links in a circle", async () => {
    const dir = temporaryFolder();
    symlinkSync("loop", join(dir, "loop"));
    for (const wanted of [join(dir, "n".repeat(256)), join(dir, "loop")]) {
      const error: unknown = await readContext({ dir: wanted }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ContextError);
      expect(error).toMatchObject({
        code: "unreadable",
        path: wanted,
        message: expect.stringContaining("cannot be read"),
      });
    }
  });
});
