import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandWord, UNTOLD, type WordRules } from "../../../sdk/dockerfile/expand-word.ts";

const VALUES: Readonly<Record<string, string>> = { A: "one", EMPTY: "", SPACED: "a b", HIDDEN: UNTOLD };

const expand = (word: string, rules?: WordRules) =>
  expandWord(word, { get: (name) => VALUES[name], untold: (what) => `${UNTOLD}${what}` }, rules);

describe("a word of a Dockerfile", () => {
  it.each([
    ["plain", "plain"],
    ["$A", "one"],
    ["${A}s", "ones"],
    ["$A.txt", "one.txt"],
    ["$As", ""],
    ["$NONE", ""],
    ["\\$A", "$A"],
    ["$", "$"],
    ["$1x", "x"],
    ["'$A'", "$A"],
    ['"$A b"', "one b"],
    ['"a\\"b\\n"', 'a"b\\n'],
    ["a\\ b", "a b"],
    ["${NONE:-x}", "x"],
    ["${NONE-x}", "x"],
    ["${EMPTY:-x}", "x"],
    ["${EMPTY-x}", ""],
    ["${A:+x}", "x"],
    ["${EMPTY:+x}", ""],
    ["${EMPTY+x}", "x"],
    ["${NONE:-${A}/$SPACED}", "one/a b"],
    ["${NONE:-'$A'}", "$A"],
    ["${A:?must be there}", "one"],
  ])("%s is %j", (word, expected) => {
    expect(expand(word)).toBe(expected);
  });

  it.each(["${A", "${A:-x", "${}", "${A:=x}", '"open', "'open", "${NONE:?must be there}"])("%s is refused", (word) => {
    expect(expand(word)).toBeUndefined();
  });

  it.each(["$HIDDEN", "${HIDDEN:-x}", "${HIDDEN+x}", "${A#o}", "${A%%e}", "${A/o/e}"])("%s cannot be told", (word) => {
    expect(expand(word)).toContain(UNTOLD);
  });

  it("tells two unknown texts apart where their values differ", () => {
    const of = (value: string) => expandWord("${V#v}", { get: () => value, untold: (what) => UNTOLD + what });
    expect(of("v1")).not.toBe(of("v2"));
    expect(of("v1")).toBe(of("v1"));
  });

  it("keeps its quotes in the body of a here-document", () => {
    expect(expand(`"$A" '$A'`, { keepsQuotes: true })).toBe(`"one" 'one'`);
  });

  it("may have the grave accent as its escape character", () => {
    expect(expand("c:\\$A`$A", { escape: "`" })).toBe("c:\\one$A");
  });

  it("is expanded or refused, whatever it is", () => {
    const piece = fc.constantFrom("$", "${", "}", "A", ":-", ":?", "'", '"', "\\", "#", " ");
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), (parts) => {
        expect(["string", "undefined"]).toContain(typeof expand(parts.join("")));
      }),
    );
  });
});
