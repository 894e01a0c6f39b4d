import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readContext, tarContext } from "../../../sdk/context/index.ts";
import { randomCase } from "./support/cases.ts";
import { DockerCapture, readTar, type SentEntry } from "./support/docker-capture.ts";
import { oracleCases, oracleSeed, requiredTool } from "./support/environment.ts";
import { Random } from "./support/random.ts";
import { temporaryFolder, tree, type TreeSpec } from "./support/trees.ts";

// The real Docker command line, in its own mode, sends its context to a server of ours. 20.10 reads some patterns unlike
// today's moby (docs/context.md names them); the random cases here are those that all versions read alike.

const CASES = oracleCases(120);
const AT_ONCE = 4;
let docker: DockerCapture;

beforeAll(async () => {
  docker = await DockerCapture.start(requiredTool("NULLSPACE_DOCKER_CLI", "the Docker command line, 20.10"));
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

describe("the real Docker command line", { timeout: 60_000 }, () => {
  it(
    `sends the same entries as we do, in ${CASES} random trees with random ignore files`,
    { timeout: CASES * 2000 },
    async () => {
      const random = new Random(oracleSeed());
      const cases = Array.from({ length: CASES }, () => {
        const { file, paths } = randomCase(random, "plain");
        const spec: Record<string, TreeSpec[string]> = { Dockerfile: "FROM scratch\n", ".dockerignore": file };
        for (const path of paths) spec[path] = path.endsWith("/") ? "" : random.chance(0.2) ? { exec: path } : path;
        // The command line takes the Dockerfile's own name for a pattern (docs/context.md): no such names.
        const inside = random.chance(0.2)
          ? random.pick([...paths.filter((path) => path.endsWith("/") && !/[*?[]/.test(path)), ""])
          : "";
        if (inside) spec[`${inside}Dockerfile`] = "FROM scratch\n";
        return { spec, dockerfile: inside ? `${inside}Dockerfile` : undefined };
      });
      const compare = async ({ spec, dockerfile }: (typeof cases)[number]) => {
        const dir = tree(spec);
        const [we, they] = await Promise.all([
          ours(dir, dockerfile),
          theirs(dir, dockerfile ? ["-f", dockerfile] : []),
        ]);
        expect(we, JSON.stringify({ spec, dockerfile })).toEqual(they);
        rmSync(dir, { recursive: true });
      };
      for (let at = 0; at < cases.length; at += AT_ONCE) await Promise.all(cases.slice(at, at + AT_ONCE).map(compare));
    },
  );

  it("sends links as links, modes and odd names as we do", async () => {
    const dir = tree({
      Dockerfile: "FROM scratch\n",
      "run.sh": { exec: "#!/bin/sh\n" },
      "sub/here": { link: "../run.sh" },
      "sub/nowhere": { link: "missing" },
      "sub/new\nline": "x",
      [`long/${"n".repeat(255)}`]: "x",
      [Array.from({ length: 20 }, () => "deep-directory").join("/")]: "x",
      "NFC-\u00e9": "composed",
      "NFD-e\u0301": "decomposed",
      "empty/": "",
    });
    expect(await ours(dir)).toEqual(await theirs(dir));
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

  it("of version 20.10 differs exactly where the documentation says it does", async () => {
    const differs = async (spec: TreeSpec) => {
      const dir = tree({ Dockerfile: "FROM scratch\n", ...spec });
      const paths = (entries: SentEntry[] | string) =>
        typeof entries === "string" ? entries : entries.map(({ path }) => path);
      return { we: paths(await ours(dir)), they: paths(await theirs(dir)) };
    };
    // It does not match `**` patterns against all parents of a file, only against one.
    expect(await differs({ "foo/keep": "", "foo/x": "", ".dockerignore": "**/foo\n!foo/keep\n" })).toEqual({
      we: [".dockerignore", "Dockerfile", "foo/keep"],
      they: [".dockerignore", "Dockerfile", "foo/keep", "foo/x"],
    });
    // It hands + ( ) | { } to its regular expressions.
    expect(await differs({ "a+": "", aa: "", ".dockerignore": "a+\n" })).toEqual({
      we: [".dockerignore", "Dockerfile", "aa"],
      they: [".dockerignore", "Dockerfile", "a+"],
    });
  });
});
