import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkDockerfile } from "../../../service/builds/dockerfile/check-dockerfile.ts";
import { arbitraryDockerfile } from "../dockerfile/buildkit/arbitrary-dockerfile.ts";
import { BuildKitParser, type BuildKitReading } from "../dockerfile/buildkit/buildkit-parser.ts";
import { CORPUS } from "../dockerfile/buildkit/corpus.ts";

const parser = new BuildKitParser();
afterAll(() => parser[Symbol.asyncDispose]());

describe("what a service refuses of a Dockerfile", () => {
  it("is nothing that BuildKit takes", async () => {
    const corpus = CORPUS.map(({ text }) => text);
    const made = fc.sample(arbitraryDockerfile(corpus.filter(({ length }) => length < 2000)), {
      seed: 20_261_129,
      numRuns: 5000,
    });
    const texts = [...corpus, ...made];
    const readings = await parser.read(texts);
    const taken = texts.filter((_text, at) => isTaken(readings[at]!));
    expect(taken.filter((text) => checkDockerfile(text).problems.length > 0)).toEqual([]);
    // Most of what is made holds a flag or an instruction that is none.
    expect(taken.length).toBeGreaterThan(100);
    expect(texts.filter((text) => checkDockerfile(text).problems.length > 0).length).toBeGreaterThan(1000);
  });

  it.each([
    ["a here-string", 'FROM a\nRUN cat <<<"x"\n'],
    ["a here-document as a file", "FROM a\nCOPY <<index.html /www/index.html\n<p>\nindex.html\n"],
    ["shifted bits", "FROM a\nRUN n=3; echo $((1<<n)) > /x\nADD x /x\n"],
    ["a here-document without an end, which older builders take for a command", "FROM a\nRUN cat <<EOF\n"],
    ["a stage that only older builders find", "FROM a\nRUN cat <<EOF\nFROM b AS two\n", "two"],
    ["an instruction of another frontend", "# syntax=a/b\nFETCH x\n"],
  ])("is not %s", (_what, text, target?: string) => {
    expect(checkDockerfile(text, target).problems).toEqual([]);
  });

  it.each([
    ["an instruction that nobody knows", "FROM a\nFETCH x\n", "line 2: there is no instruction FETCH"],
    ["one before the first FROM", "RUN a\nFROM b\n", "line 1: RUN stands before the first FROM"],
    ["no FROM", "ARG A\n", "there is no FROM in it"],
    ["a FROM of two words", "FROM a b\n", 'line 1: FROM takes an image, or "image AS name"'],
    ["a variable without a value", "FROM a\nENV A\n", "line 2: ENV needs a name and a value"],
    ["an escape that is none", "# escape=^\nFROM a\n", 'line 1: the escape directive is "^", and not \\ or `'],
    ["JSON of numbers", "FROM a\nCMD [1]\n", "line 2: the JSON form takes strings and nothing else"],
  ])("is %s", (_what, text, problem) => {
    expect(checkDockerfile(text).problems).toEqual([problem]);
  });

  it("is a stage that is not there", () => {
    expect(checkDockerfile("FROM a AS One\nFROM b\n", "two").problems).toEqual(['there is no stage "two" to build']);
    expect(checkDockerfile("FROM a AS One\nFROM b\n", "ONE")).toMatchObject({ problems: [], finalBase: "a" });
  });
});

/** BuildKit itself says of a file without stages only when it builds that there is none. */
function isTaken({ parseError, error, instructions }: BuildKitReading): boolean {
  return parseError === "" && error === "" && instructions.some(({ keyword }) => keyword === "FROM");
}
