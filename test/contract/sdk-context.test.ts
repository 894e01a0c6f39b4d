import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Template } from "../../sdk/client/objects/index.ts";
import { PythonClient } from "./python/python-client.ts";

/** Paths that differ in what patterns are about: depth, names that begin alike, dots, cases, spaces, brackets. */
const PATHS = [
  ...["a", "b.log", "keep.log", "x.py", "frotz", "Build", "c [1].txt", " lead", "trail "],
  ...["build/a", "build/keep.txt", "build/deep/a.py", "src/a", "src/b/c", "src/b/keep.log", "src/build/x"],
  ...["foo/bar/x", "foo/y", "foo/bar.py", "d/frotz/x", "d/a.py", "d/e/a.py", "e/x/y/b", "e/b", "foobar/x"],
  ...[".hidden", ".config/x", "node_modules/p/index.js", "node_modules/kept.txt", "ü/ß.txt", "#hash", "!bang"],
];

/** The contract's table of cases, and what the documentation of ignore files speaks of. */
const RULES: string[][] = [
  ...[[], ["*"], ["**"], ["/"], [""], ["#a"], ["\\#hash"], ["\\!bang"], ["!bang"], ["  "], [" lead"], ["trail\\ "]],
  ...[
    ["build/", "!build/keep.txt"],
    ["!build/keep.txt", "build/"],
    ["build", "!build/"],
    ["*", "!build/"],
  ],
  ...[
    ["*", "!src", "!src/**"],
    ["*", "!src/"],
    ["*", "!*.py"],
    ["foo/**", "!foo/bar"],
    ["foo", "!foo/bar"],
  ],
  ...[["/src/", "!/src/b/"], ["!/src/b/", "/src/"], ["/build"], ["frotz/"], ["e/**/b"], ["foo*x"], ["foo*/x"]],
  ...[["./a"], ["*.LOG"], ["*.log", "!keep.log"], ["[a-b]*"], ["[!a-b]*"], ["[^a]"], ["[ab"], ["?"]],
  ...[["**/a.py"], ["src/**"], ["**/build/**"], ["/*", "!/src"], ["c \\[1\\].txt"], ["c [1].txt"], ["ü/"], ["ß.txt"]],
  ...[
    ["a/"],
    ["src/*"],
    ["src/*/"],
    ["*/b"],
    ["d/*/a.py"],
    ["**/b/", "!**/b/c"],
    ["node_modules/", "!node_modules/kept.txt"],
  ],
];

/** More of them, from the pieces that patterns are made of; the seed makes a failure one that comes again. */
const WORDS = fc.constantFrom(
  "*",
  "**",
  "?",
  "a",
  "b",
  "src",
  "build",
  "foo",
  "*.py",
  "keep*",
  "[a-f]*",
  "x",
  "d",
  "e",
);
const PATTERN = fc
  .tuple(fc.boolean(), fc.boolean(), fc.array(WORDS, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([no, root, words, folder]) => `${no ? "!" : ""}${root ? "/" : ""}${words.join("/")}${folder ? "/" : ""}`);
const RANDOM = fc.sample(fc.array(PATTERN, { minLength: 1, maxLength: 4 }), { seed: 20_260_101, numRuns: 150 });

const home = mkdtempSync(join(tmpdir(), "sdk-context-"));
const tree = join(home, "tree");
const cases = [...RULES, ...RANDOM];
let theirs: string[][];
let python: PythonClient;

beforeAll(async () => {
  for (const path of PATHS) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), path);
  }
  writeFileSync(join(home, "cases.json"), JSON.stringify(cases));
  python = new PythonClient({ url: "http://127.0.0.1:1", apiKey: "ns_live_none", home });
  theirs = await python.run(`
answer = []
for patterns in json.load(open("cases.json")):
    template = Template.from_dockerfile_content("FROM a", file_context_path="tree", file_ignore_patterns=patterns)
    context = Template.inspect_build_context(template, "w")["context"]
    answer.append([entry["path"] for key in ("files", "directories") for entry in context[key]])`);
});

afterAll(async () => {
  await python[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** What ours takes along. */
async function taken(fileIgnorePatterns: string[], fileContextPath = tree): Promise<string[]> {
  const template = Template.fromDockerfileContent("FROM a", { fileContextPath, fileIgnorePatterns });
  const { context } = await Template.inspectBuildContext(template, "w");
  return [...context.files, ...context.directories].map(({ path }) => path);
}

describe("our client takes the files along that the published one takes", () => {
  it("under every rule of ignore files", async () => {
    for (const [index, patterns] of cases.entries()) {
      expect([patterns, await taken(patterns)]).toEqual([patterns, theirs[index]]);
    }
  });

  it("and no rules leave all of them in, some leave all of them out", () => {
    expect(theirs[RULES.findIndex((rules) => rules.length === 0)]).toEqual(expect.arrayContaining(PATHS));
    expect(theirs[RULES.findIndex((rules) => rules[0] === "*" && rules.length === 1)]).toEqual([]);
  });
});

describe("where the published client sets a trap, ours does not", () => {
  /** What the published client says to an expression; it runs in the fixture's folder. */
  const ask = (expression: string): Promise<unknown> =>
    python.run(`
try:
    answer = ${expression}
except Exception as error:
    answer = f"{type(error).__name__} {getattr(error, 'code', '')}"`);

  it("a copied file keeps its name", async () => {
    writeFileSync(join(home, "fi le.txt"), "");
    expect(
      await ask('Template.from_image("a").copy("fi le.txt", "/").to_json(name="w")["steps"][0]["sources"]'),
    ).toEqual(["builder-context/step-0/src-0/fi_le.txt"]);
    const { steps } = Template.fromImage("a").copy(join(home, "fi le.txt"), "/").toJSON();
    expect(steps).toMatchObject([{ sources: ["builder-context/step-0/src-0/fi le.txt"] }]);
  });

  it("an ignored socket is ignored, a link that is not is an error in both", async () => {
    const odd = join(home, "odd");
    mkdirSync(odd);
    const listening = createServer().listen(join(odd, "socket"));
    await new Promise((resolve) => listening.once("listening", resolve));
    symlinkSync("nowhere", join(odd, "link"));
    const theirBuild = (patterns: string): string =>
      `Template.from_dockerfile_content("FROM a", file_context_path="odd", file_ignore_patterns=${patterns}).to_json(name="w")["name"]`;
    const ours = (fileIgnorePatterns: string[]) =>
      Template.fromDockerfileContent("FROM a", { fileContextPath: odd, fileIgnorePatterns }).toJSON({ name: "w" });
    expect(await ask(theirBuild('["socket", "link"]'))).toBe("NotImplementedError not_implemented");
    expect(ours(["socket", "link"]).name).toBe("w");
    expect(await ask(theirBuild('["socket"]'))).not.toBe("w");
    expect(() => ours(["socket"])).toThrow("is a symbolic link");
    await new Promise((resolve) => listening.close(resolve));
  });

  it("a range of letters the wrong way round is an error that names the pattern", async () => {
    const theirs = await ask(
      'len(Template.inspect_build_context(Template.from_image("a", file_context_path="tree", file_ignore_patterns=["[z-a]"]).copy(".", "/"), "w"))',
    );
    expect(theirs).toMatch(/^(error|PatternError) /);
    await expect(taken(["[z-a]"])).rejects.toThrow('ignore pattern "[z-a]" is malformed');
  });

  it("a step that a Dockerfile would swallow is refused", async () => {
    expect(await ask('sorted(Template.from_dockerfile_content("FROM a").run_cmd("lost").to_json(name="w"))')).toEqual([
      "dockerfile",
      "name",
    ]);
    expect(() => Template.fromDockerfileContent("FROM a").runCmd("lost")).toThrow("a Dockerfile holds its own steps");
  });

  it("a start command with quotes is a Dockerfile that can be read", async () => {
    const theirText = await ask('Template.from_image("a").set_start_cmd("say \\"hi\\"").to_dockerfile()');
    expect(theirText).toContain('"say "hi""]');
    const own = Template.fromImage("a").setStartCmd('say "hi"').toDockerfile();
    expect(JSON.parse(/^CMD (.*)$/m.exec(own)![1]!)).toEqual(["sh", "-c", 'say "hi"']);
  });

  it("blank credentials are refused", async () => {
    expect(
      await ask('Template.from_image("a").set_base_image_auth(username="", password="").to_json(name="w")'),
    ).toMatchObject({
      base_image_auth: { username: "", password: "" },
    });
    expect(() => Template.fromImage("a").setBaseImageAuth({ username: "", password: "" })).toThrow("setBaseImageAuth");
  });
});
