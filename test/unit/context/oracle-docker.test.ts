import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { linkSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readContext, tarContext } from "../../../sdk/context/index.ts";
import { readDockerignore } from "../../../sdk/context/ignore/docker-ignorefile.ts";
import { socketFolder } from "../../socket-folder.ts";
import { randomCase } from "./support/cases.ts";
import { DockerCapture, readTar, type SentEntry } from "./support/docker-capture.ts";
import { oracleCases, oracleSeed, requiredTool } from "./support/environment.ts";
import { readingsDiffer, sentPaths } from "./support/matching.ts";
import { Random } from "./support/random.ts";
import { temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";

// The real Docker command line, in its own mode, sends its context to a server of ours. Every release since 23 reads
// ignore files as we do. 20.10 is older than today's matcher (docs/context.md says where): there the random cases are those
// that both read alike.

const CASES = oracleCases(40);
const AT_ONCE = 4;
const FIRST_WITH_TODAYS_MATCHER = 23;
let docker: DockerCapture;
let isOld: boolean;

beforeAll(async () => {
  docker = await DockerCapture.start(requiredTool("NULLSPACE_DOCKER_CLI", "the Docker command line"));
  isOld = docker.majorVersion < FIRST_WITH_TODAYS_MATCHER;
});
afterAll(() => docker[Symbol.asyncDispose]());

function byPath(entries: SentEntry[]): SentEntry[] {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** What we send of the tree, or the code of our error. */
async function ours(dir: string, dockerfile?: string): Promise<SentEntry[] | string> {
  try {
    const context = await readContext({ dir, dockerfile, statCache: false });
    return byPath(await readTar(tarContext(context)));
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function theirs(dir: string, args: string[] = []): Promise<SentEntry[] | string> {
  const sent = await docker.build(dir, args);
  return "entries" in sent ? byPath(sent.entries) : "invalid_ignore_pattern";
}

/** A new context in which moby cannot but need the pattern that we refuse in the ignore file of `dir`. */
function neededHere(dir: string): string {
  const lines = readDockerignore(readFileSync(join(dir, ".dockerignore"), "utf8"), "");
  const refused = lines.find(({ pattern }) => sentPaths({ patterns: [pattern] }, []) === "malformed")!;
  return tree({ Dockerfile: "FROM scratch\n", ".dockerignore": `*\n!${refused.pattern.replace(/^!/, "")}\n` });
}

describe("the real Docker command line", { timeout: 60_000 }, () => {
  it(`sends the same entries as we do, in ${CASES} random trees`, { timeout: CASES * 2000 }, async () => {
    const random = new Random(oracleSeed());
    const cases: { spec: TreeSpec; dockerfile: string | undefined }[] = [];
    while (cases.length < CASES) {
      const { file, paths } = randomCase(random, isOld ? "plain" : "wild");
      const spec: Record<string, TreeSpec[string]> = { Dockerfile: "FROM scratch\n", ".dockerignore": file };
      for (const path of paths) spec[path] = path.endsWith("/") ? "" : random.chance(0.2) ? { exec: path } : path;
      const mayDiffer = readingsDiffer(file, Object.keys(spec));
      if (isOld && mayDiffer) continue;
      // The command line takes the Dockerfile's own name for a pattern, and asks as 20.10 did whether it is ignored
      // (docs/context.md): no such names, and none where that matters.
      const homes = paths.filter((path) => path.endsWith("/") && !/[*?[]/.test(path));
      const isAlike = !mayDiffer && !file.includes("**") && homes.length > 0;
      const home = isAlike && random.chance(0.2) ? random.pick(homes) : undefined;
      if (home !== undefined) spec[`${home}Dockerfile`] = "FROM scratch\n";
      cases.push({ spec, dockerfile: home && `${home}Dockerfile` });
    }
    const compare = async ({ spec, dockerfile }: (typeof cases)[number]) => {
      const dir = tree(spec);
      const [we, they] = await Promise.all([ours(dir, dockerfile), theirs(dir, dockerfile ? ["-f", dockerfile] : [])]);
      // It compiles a pattern when it first needs it. What we refuse, and it did not need here, it refuses elsewhere.
      if (we === "invalid_ignore_pattern" && we !== they) expect(await theirs(neededHere(dir))).toBe(we);
      else expect(we, JSON.stringify({ spec, dockerfile })).toEqual(they);
      rmSync(dir, { recursive: true });
    };
    for (let at = 0; at < cases.length; at += AT_ONCE) await Promise.all(cases.slice(at, at + AT_ONCE).map(compare));
  });

  it("sends links as links, modes and odd names as we do", async () => {
    const dir = tree({
      Dockerfile: "FROM scratch\n",
      "run.sh": { exec: "#!/bin/sh\n" },
      "sub/here": { link: "../run.sh" },
      "sub/nowhere": { link: "missing" },
      "sub/loop": { link: "loop" },
      "venv/bin/python": { link: "/usr/bin/python3" },
      "venv/above": { link: "../../elsewhere" },
      "sub/new\nline": "x",
      [`long/${"n".repeat(255)}`]: "x",
      [Array.from({ length: 20 }, () => "deep-directory").join("/")]: "x",
      "NFC-\u00e9": "composed",
      "NFD-e\u0301": "decomposed",
      "empty/": "",
    });
    expect(await ours(dir)).toEqual(await theirs(dir));
  });

  it("leaves out sockets as we do, and sends FIFOs, which we leave out", async () => {
    const dir = tree({ Dockerfile: "FROM scratch\n", "run/": "" });
    execFileSync("mkfifo", [join(dir, "run/pipe")]);
    const { path: socket, remove } = socketFolder();
    onTestFinished(remove);
    const server = createServer().listen(join(socket, "s"));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    // By a short path: a socket is a file like any other once it is there.
    linkSync(join(socket, "s"), join(dir, "run/mysqld.sock"));
    const sent = await ours(dir);
    const all = await theirs(dir);
    if (typeof all === "string") throw new Error(all);
    expect(sent).toEqual(all.filter(({ type }) => type !== "fifo"));
    expect(all.map(({ path }) => path)).toContain("run/pipe");
    expect(sent).toHaveLength(2);
  });

  it("hides a Dockerfile from outside the context in the same way", async () => {
    const outside = tree({ "My.Dockerfile": "FROM outside\n" });
    for (const spec of [{ a: "1" }, { a: "1", ".dockerignore": "b\n" }] as TreeSpec[]) {
      const dir = tree(spec);
      const sent = await docker.build(dir, ["-f", `${outside}/My.Dockerfile`]);
      if (!("entries" in sent)) throw new Error(sent.error);
      const context = await readContext({ dir, dockerfile: `${outside}/My.Dockerfile` });
      // Its name is random there, and fixed here: the tar must not change from run to run.
      const fixed = JSON.stringify(byPath(sent.entries)).replaceAll(sent.dockerfile, context.dockerfile!.path);
      expect(JSON.stringify(byPath(await readTar(tarContext(context))))).toBe(fixed);
    }
  });

  it("refuses what we refuse", async () => {
    for (const [file, code] of [
      ["[a-", "invalid_ignore_pattern"],
      ["!", "invalid_ignore_pattern"],
      ["a\\", "invalid_ignore_pattern"],
    ] as const) {
      const dir = tree({ Dockerfile: "FROM scratch\n", ".dockerignore": `${file}\n`, x: "" });
      expect(await ours(dir)).toBe(code);
      expect(await docker.build(dir)).toHaveProperty("error");
    }
    const empty = temporaryFolder();
    expect(await ours(empty)).toBe("dockerfile_not_found");
    expect(await docker.build(empty)).toHaveProperty("error", expect.stringContaining("Dockerfile"));
  });

  // Known from the sources of its matcher up to moby/patternmatcher v0.6.1: see docs/context.md.
  it.each([
    ["f?o.bar/a|b", [".github", "x"], ["x"]],
    ["x?{2}", ["xa", "xa{2}", "xyy"], ["xa", "xa{2}"]],
  ])("still takes | { } for more than characters, which we do not: %s", async (pattern, paths, theirPaths) => {
    const files = Object.fromEntries(paths.map((path) => [path, ""]));
    const dir = tree({ Dockerfile: "FROM scratch\n", ".dockerignore": `*ockerfile\n.docker*\n${pattern}\n`, ...files });
    const names = (entries: SentEntry[] | string) =>
      typeof entries === "string" ? entries : entries.map(({ path }) => path).filter((path) => paths.includes(path));
    expect(names(await ours(dir))).toEqual(paths.filter((path) => path !== "xa{2}"));
    expect(names(await theirs(dir))).toEqual(theirPaths);
  });

  it("reads as we do what its release 20.10 read otherwise", async () => {
    const asOnceRead: [spec: TreeSpec, ours: string[], theirsOf2010: string[]][] = [
      // It did not match `**` patterns against all parents of a file, only against one.
      [{ "foo/keep": "", "foo/x": "", ".dockerignore": "**/foo\n!foo/keep\n" }, ["foo/keep"], ["foo/keep", "foo/x"]],
      // It handed + ( ) | { } to its regular expressions.
      [{ "a+": "", aa: "", ".dockerignore": "a+\n" }, ["aa"], ["a+"]],
      [{ xya: "", "xy(a)": "", ".dockerignore": "x?(a)\n" }, ["xya"], ["xy(a)"]],
      // It asked every pattern about all directories above an entry, also those that had nothing to say about them.
      [{ "a/b": "", "a/c": "", ".dockerignore": "a/b\n!a\n" }, ["a/", "a/c"], ["a/", "a/b", "a/c"]],
      [{ "a/b": "", "a/c": "", ".dockerignore": "a\n!a/b\na\n" }, ["a/b"], []],
    ];
    const sent = (entries: SentEntry[] | string) =>
      typeof entries === "string"
        ? entries
        : entries.map(({ path }) => path).filter((path) => !/ockerfile|^\.docker/.test(path));
    for (const [spec, we, they] of asOnceRead) {
      const dir = tree({ Dockerfile: "FROM scratch\n", ...spec });
      expect(sent(await ours(dir))).toEqual(we);
      expect(sent(await theirs(dir))).toEqual(isOld ? they : we);
    }
  });
});
