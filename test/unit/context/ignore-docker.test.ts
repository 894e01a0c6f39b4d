import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIgnoreMatcher, ruleFor } from "../../../sdk/context/index.ts";
import type { IgnoreCase } from "./support/cases.ts";
import { sentPaths } from "./support/matching.ts";

/** Outcomes of moby's own library: github.com/moby/patternmatcher v0.6.0, asked by vectors/docker-ignore.go. */
type Vector = IgnoreCase & ({ sent: string[] } | { error: true });
const vectors = JSON.parse(readFileSync(new URL("./vectors/docker-ignore.json", import.meta.url), "utf8")) as Vector[];

describe("Docker's ignore rules", { timeout: 60_000 }, () => {
  it("decide as moby's library decided in every published vector", () => {
    expect(vectors.length).toBeGreaterThan(700);
    for (const vector of vectors) {
      const expected = "error" in vector ? "malformed" : vector.sent;
      const actual = sentPaths({ file: { name: ".dockerignore", text: vector.file } }, vector.paths);
      expect(actual, JSON.stringify(vector)).toEqual(expected);
    }
  });

  it("name file and line of a malformed pattern", () => {
    const make = (text: string) => () => createIgnoreMatcher({ file: { name: "app/.dockerignore", text } });
    expect(make("# fine\nok\n[a-\n")).toThrow(
      'app/.dockerignore:3: the ignore pattern "[a-" is malformed: unclosed or empty brackets, a range without an end, or a backslash at the end.',
    );
    expect(make("!\n")).toThrow(
      'app/.dockerignore:1: the ignore pattern "!" is malformed: an exception needs a pattern after the !.',
    );
    expect(make("a\\c\n")).toThrow("app/.dockerignore:1: ");
    expect(() => createIgnoreMatcher({ patterns: ["ok", "a\\"] })).toThrow(
      'ignorePatterns[1]: the ignore pattern "a\\\\" is malformed',
    );
    expect(make(`${"x".repeat(70_000)}\n`)).toThrow("the line is longer than 65536 bytes");
  });

  it("say which line decided", () => {
    const matcher = createIgnoreMatcher({
      file: { name: ".dockerignore", text: "# logs\n*.log\n!keep.log\n" },
      patterns: ["tmp"],
    });
    expect(ruleFor(matcher, "a.log")).toEqual({ pattern: "*.log", file: ".dockerignore", line: 2 });
    expect(ruleFor(matcher, "keep.log")).toBeUndefined();
    expect(ruleFor(matcher, "tmp/x")).toEqual({ pattern: "tmp", line: 1 });
  });

  it("do not ask an exception below a directory that it could not have re-included", () => {
    const paths = ["a/", "a/b", "a/c"];
    expect(sentPaths({ patterns: ["a/b", "!a"] }, paths)).toEqual(["a/", "a/c"]);
    expect(sentPaths({ patterns: ["a", "a/b", "!a"] }, paths)).toEqual(["a/", "a/b", "a/c"]);
    expect(sentPaths({ patterns: ["a/b", "!a/b"] }, paths)).toEqual(paths);
    expect(sentPaths({ patterns: ["a", "!a/b", "a"] }, paths)).toEqual(["a/b"]);
  });

  it("keep what is always sent, and enter its directory as the command line does", () => {
    const source = {
      patterns: ["docker", "!docker/keep", "*.log"],
      alwaysSent: ["docker/Dockerfile", ".dockerignore"],
    };
    expect(sentPaths(source, [".dockerignore", "docker/", "docker/Dockerfile", "docker/keep", "docker/x"])).toEqual([
      ".dockerignore",
      "docker/Dockerfile",
      "docker/keep",
    ]);
    // Also where no line reaches: the exception does not begin with the directory's name, so nothing would enter it.
    expect(
      sentPaths({ patterns: ["docker", "!*/Dockerfile"], alwaysSent: ["docker/Dockerfile"] }, [
        "docker/",
        "docker/Dockerfile",
        "docker/x",
      ]),
    ).toEqual(["docker/Dockerfile"]);
    // The name is literal, whatever characters it has.
    expect(sentPaths({ patterns: ["*"], alwaysSent: ["a[1]*"] }, ["a1x", "a[1]*"])).toEqual(["a[1]*"]);
  });

  it("match hostile patterns in time linear in the path", () => {
    const name = "a".repeat(250);
    for (const pattern of [
      "a*".repeat(100) + "b",
      "*".repeat(200) + "b",
      "**a".repeat(80) + "/b",
      "?*".repeat(100) + "b",
      "[a-z]*".repeat(40) + "b",
    ]) {
      const matcher = createIgnoreMatcher({ patterns: [pattern] });
      const path = Array.from({ length: 16 }, () => name).join("/");
      // A backtracking matcher would not come back within the life of this test.
      expect(ruleFor(matcher, path)).toBeUndefined();
    }
  });

  it("neither crash nor hang on any text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 60 }),
        fc.string({ unit: "grapheme", maxLength: 30 }),
        (text, path) => {
          const outcome = sentPaths({ file: { name: ".dockerignore", text } }, [path.replace(/^\/+|\/+$/g, "") || "x"]);
          expect(outcome === "malformed" || outcome.length <= 1).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
