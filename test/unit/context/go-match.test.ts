import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchGoPattern } from "../../../sdk/context/ignore/go-match.ts";

describe("Go's filepath.Match", () => {
  it.each<[string, string, boolean | undefined]>([
    ["abc", "abc", true],
    ["abc", "abcd", false],
    ["*", "abc", true],
    ["*", "a/b", false],
    ["*.js", ".js", true],
    ["a*", "ab/c", false],
    ["a*/b", "abc/b", true],
    ["a*/b", "a/c/b", false],
    ["a*b?c*x", "abxbbxdbxebxczzx", true],
    ["a*b?c*x", "abxbbxdbxebxczzy", false],
    ["a?b", "a/b", false],
    ["a?b", "aéb", true],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["a[^a]b", "a/b", true],
    ["[\\]a]", "]", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["", "", true],
    ["[a", "a", undefined],
    ["[]a]", "]", undefined],
    ["[-]", "-", undefined],
    ["a\\", "a", undefined],
  ])("%s with %s", (pattern, name, expected) => {
    expect(matchGoPattern(pattern, name)).toBe(expected);
  });

  it("takes any name for itself once its special characters are escaped", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        expect(matchGoPattern(name.replace(/[*?[\\]/g, "\\$&"), name)).toBe(true);
      }),
    );
  });
});
