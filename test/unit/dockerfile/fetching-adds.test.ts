import { describe, expect, it } from "vitest";
import { fetchingAdds } from "../../../sdk/dockerfile/index.ts";

const lines = (text: string, args?: Record<string, string>) =>
  fetchingAdds(text, args).map(({ line, isCertain }) => (isCertain ? line : -line));

describe("what ADD fetches from the network", () => {
  it("is read from instructions alone, whatever stands in commands and here-documents", () => {
    const text = [
      "FROM a",
      "RUN ADD http://x/y /y",
      "COPY <<x /x",
      "ADD http://x/y /y",
      "x",
      "ADD http://x/y /y",
      "ADD x \\",
      " git@host:y.git /y",
    ];
    expect(lines(text.join("\n"))).toEqual([6, 7]);
  });

  it.each<[string, string, number[], Record<string, string>?]>([
    ["a variable of ENV", "FROM a\nENV U=https://x/y\nADD $U /y\n", [3]],
    ["one in braces", "FROM a\nENV U=https://x/y\nADD ${U} /y\n", [3]],
    ["a part of one", "FROM a\nENV P=https\nADD ${P}://x/y /y\n", [3]],
    ["the default of an ARG", "FROM a\nARG U=https://x/y\nADD $U /y\n", [3]],
    ["an ARG that is given", "FROM a\nARG U\nADD $U /y\n", [3], { U: "git@host:x.git" }],
    ["an ARG from before the first FROM", "ARG U=https://x/y\nFROM a\nARG U\nADD $U /y\n", [4]],
    ["one that the stage does not declare", "ARG U=https://x/y\nFROM scratch\nADD $U/z /y\n", []],
    ["a stage below", "FROM a AS one\nENV U=https://x/y\nFROM one\nADD $U /y\n", [4]],
    ["another stage", "FROM a AS one\nENV U=https://x/y\nFROM scratch\nADD ./$U /y\n", []],
    ["a default where nothing is set", "FROM scratch\nADD ${U:-https://x/y} /y\n", [2]],
    ["a list", 'FROM a\nENV U=https://x/y\nADD ["a", "$U", "/y"]\n', [3]],
    ["another escape character", "# escape=`\nFROM a\nENV U=https://x/y\nADD `\n $U /y\n", [4]],
    ["a value of several variables", "FROM a\nENV A=https://x\nENV U=$A/y\nADD $U /y\n", [4]],
    ["values that are set at once", "FROM scratch\nENV A=https://x/ U=$A\nADD ${U}y /y\n", []],
    ["a name that is no URL", "FROM a\nENV U=file.txt\nADD $U /y\n", []],
    ["an ARG given as a file", "FROM a\nARG U=https://x/y\nADD $U /y\n", [], { U: "file.txt" }],
    ["a quoted dollar", "FROM a\nENV U=https://x/y\nADD '$U' \\$U /y\n", []],
    ["the base image's variable", "FROM a\nADD $U /y\n", [-2]],
    ["one behind the beginning of a URL", "FROM a\nADD http$S://x /y\n", [-2]],
    ["one in a URL", "FROM a\nADD https://$HOST/y /y\n", [2]],
    ["one in a path of the context", "FROM a\nADD ./$U dir/$U /y/\n", []],
  ])("is seen through variables: %s", (_what, text, expected, args) => {
    expect(lines(text, args)).toEqual(expected);
  });
});
