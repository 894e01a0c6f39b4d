import { describe, expect, it } from "vitest";
import { ProgramNames } from "../../../provider/adopt/program/names.ts";
import { quote } from "../../../provider/adopt/program/quote.ts";
import { pick } from "../../../provider/adopt/service/pick.ts";
import { PatternError } from "../../../provider/errors.ts";

describe("names in a program", () => {
  it("are words of the texts, and each is given out once", () => {
    const names = new ProgramNames();
    const variables = [["web-app", "v1.0"], ["web_app", "v1-0"], ["class"], ["1st"], ["日本"], ["éa"], ["pulumi"]];
    expect(variables.map((texts) => names.variable("tag", ...texts))).toEqual([
      "webAppV10",
      "webAppV102",
      "class2",
      "tag1st",
      "tag",
      "ea",
      "pulumi2",
    ]);
    expect(["a b", "a/b", "", "日本", "-x-"].map((text) => names.resource("pool", text))).toEqual([
      "a-b",
      "a-b-2",
      "pool",
      "pool-2",
      "x",
    ]);
  });

  it("are quoted so that a reader sees what is there", () => {
    expect(quote('a"b\\\n\u2028\u202e\u00a0é\u{e0001}')).toBe('"a\\"b\\\\\\n\\u2028\\u202e\\u00a0é\\udb40\\udc01"');
  });
});

describe("patterns", () => {
  const things = ["acme/web", "acme/web-api", "acme/db"];
  const picked = (...patterns: string[]) =>
    pick(things, patterns, { what: "template", namesOf: (ref) => [ref, ref.slice(5)] });

  it("pick what they fit, each once, in the order of the things", () => {
    expect(picked()).toEqual(things);
    expect(picked("db", "w*", "acme/web")).toEqual(things);
    expect(picked("*/web*")).toEqual(["acme/web", "acme/web-api"]);
    expect(picked("d?")).toEqual(["acme/db"]);
  });

  it("are refused when they fit nothing", () => {
    expect(() => picked("web", "x*")).toThrow(PatternError);
    expect(() => picked("[")).toThrow(/"\[" adopts nothing/);
  });
});
