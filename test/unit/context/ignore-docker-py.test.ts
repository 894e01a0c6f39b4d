import { describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import { tree } from "./support/trees.ts";

// The tree of docker-py's ExcludePathsTest (tests/unit/utils_build_test.py), and a name that looks like a comment.
const FILES = [
  ...["Dockerfile", "Dockerfile.alt", "#file.txt", "a.py", "a.go", "b.py", "cde.py"],
  ...["foo/a.py", "foo/b.py", "foo/bar/a.py", "foo/Dockerfile3", "bar/a.py"],
  ...["target/file.txt", "target/subdir/file.txt"],
  ...["subdir/file.txt", "subdir/target/file.txt", "subdir/target/subdir/file.txt"],
  ...["subdir/subdir2/file.txt", "subdir/subdir2/target/file.txt", "subdir/subdir2/target/subdir/file.txt"],
];

async function sent(lines: readonly string[], dockerfile?: string): Promise<string[]> {
  const files = Object.fromEntries(FILES.map((path) => [path, "content"]));
  const dir = tree({ ...files, ".dockerignore": lines.join("\n") });
  const { entries } = await readContext({ dir, ...(dockerfile === undefined ? {} : { dockerfile }) });
  return entries.map(({ path }) => path);
}

describe("an ignore file of docker-py's tests", { timeout: 60_000 }, () => {
  it.each<[string, string[], string[]]>([
    ["nothing, where a line is blank or blanks", ["", "  ", "\t", "\t \t"], []],
    ["nothing, where a line is a comment, whatever it matches", ["#*", "#file.txt"], []],
    ["a file, from the folder itself", ["./a.py"], ["a.py"]],
    ["a file, through a folder that there is not", ["foo/whoops/../a.py"], ["foo/a.py"]],
    ["a file, from above the root", ["/../b.py"], ["b.py"]],
    // docker-py takes this for the one before; moby's filepath.Clean keeps the two dots, and nothing is there.
    ["nothing, from above the folder", ["../a.py"], []],
    ["a file whose line has blanks around it", ["\t a.py \t"], ["a.py"]],
    ["all but an exception with blanks after its mark", ["*.py", "! b.py", "!\ta.py"], ["cde.py"]],
    ["a folder at any depth below another, also right below", ["foo/**/bar"], ["foo/bar", "foo/bar/a.py"]],
    [
      "what is two below a name at any depth",
      ["**/target/*/*"],
      ["target/subdir/file.txt", "subdir/target/subdir/file.txt", "subdir/subdir2/target/subdir/file.txt"],
    ],
  ])("leaves out %s", async (_name, lines, leftOut) => {
    const all = await sent([]);
    expect(all.filter((path) => leftOut.includes(path))).toHaveLength(leftOut.length);
    expect(await sent(lines)).toEqual(all.filter((path) => !leftOut.includes(path)));
  });

  it("has all out of the root but exceptions, with and without a slash before them", async () => {
    const kept = [".dockerignore", "Dockerfile", "a.py", "b.py", "cde.py"];
    expect(await sent(["/*", "!/*.py"])).toEqual(kept);
    expect(await sent(["*", "!*.py"])).toEqual(kept);
  });

  it("never leaves out the Dockerfile that is named, however its path is spelled", async () => {
    for (const dockerfile of ["foo/Dockerfile3", "./foo/Dockerfile3", "bar/../foo/Dockerfile3"])
      expect(await sent(["*"], dockerfile)).toEqual([".dockerignore", "foo/Dockerfile3"]);
  });
});
