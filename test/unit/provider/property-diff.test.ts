import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffProperties, diffValues, sameValue } from "../../../provider/core/property-diff.ts";
import { formatPropertyPath } from "../../../provider/core/property-path.ts";
import { UNKNOWN } from "../../../provider/core/unknown.ts";
import { ignores } from "../../../provider/plugin/ignore-changes.ts";

const table = {
  name: { effect: "replace" },
  env: { effect: "rebuild" },
  tags: { effect: "update", set: true },
  path: { effect: "ignore" },
} as const;

const paths = (olds: Record<string, unknown>, news: Record<string, unknown>) =>
  diffProperties(olds, news, table).map(({ path, kind, effect }) => `${kind} ${formatPropertyPath(path)} ${effect}`);

describe("diffProperties", () => {
  it("names the deepest place that differs, and what the change leads to", () => {
    expect(
      paths(
        { name: "a", env: { KEEP: "1", CHANGE: "1", "a b.py": "x" } },
        { name: "b", env: { KEEP: "1", CHANGE: "2", NEW: "3" } },
      ),
    ).toEqual([
      "update name replace",
      "update env.CHANGE rebuild",
      'delete env["a b.py"] rebuild',
      "add env.NEW rebuild",
    ]);
  });

  it("does not see the order of a set, nor inputs that are ignored", () => {
    expect(paths({ tags: ["a", "b"], path: "x" }, { tags: ["b", "a", "b"], path: "y" })).toEqual([]);
    expect(paths({ tags: ["a", "b"] }, { tags: ["a"] })).toEqual(["update tags update"]);
  });

  it("compares a set with an unknown member, which is no other member", () => {
    expect(paths({ tags: ["latest", UNKNOWN] }, { tags: [UNKNOWN, "latest"] })).toEqual(["update tags update"]);
    expect(paths({ tags: [null, { a: 1, b: 2 }] }, { tags: [{ b: 2, a: 1 }] })).toEqual([]);
  });

  it("does not take what every object inherits for a member", () => {
    expect(paths({ env: {} }, { env: { constructor: "x" } })).toEqual(["add env.constructor rebuild"]);
  });

  it("takes null for absent", () => {
    expect(paths({ name: null, env: { A: null } }, { env: {} })).toEqual([]);
  });

  it("takes an unknown value for a change", () => {
    expect(paths({ name: "a", env: { A: "1" } }, { name: UNKNOWN, env: { A: UNKNOWN } })).toEqual([
      "update name replace",
      "update env.A rebuild",
    ]);
  });
});

describe("sameValue", () => {
  const json = fc.jsonValue({ maxDepth: 3 });

  it("holds for a value and its copy", () => {
    fc.assert(fc.property(json, (value) => sameValue(value, structuredClone(value))));
  });

  it("agrees with the comparison of texts on values without null", () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), tie("list"), tie("map")),
      list: fc.array(tie("value"), { maxLength: 3 }),
      map: fc.dictionary(fc.string({ maxLength: 3 }), tie("value"), { maxKeys: 3, noNullPrototype: true }),
    })).value;
    const sorted = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(sorted)
        : typeof value === "object" && value !== null
          ? Object.entries(value)
              .map(([key, member]) => [key, sorted(member)])
              .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))
          : value;
    fc.assert(
      fc.property(plain, plain, (left, right) => {
        // A list and a map print alike when both are empty.
        fc.pre(Array.isArray(left) === Array.isArray(right));
        fc.pre(!JSON.stringify([left, right]).match(/\[\]|\{\}/));
        return sameValue(left, right) === (JSON.stringify(sorted(left)) === JSON.stringify(sorted(right)));
      }),
    );
  });

  it("reports the same places whichever way it is read", () => {
    fc.assert(
      fc.property(json, json, (left, right) => {
        const flip = { add: "delete", delete: "add", update: "update" } as const;
        const there = [...diffValues([], left, right)].map(({ path, kind }) => `${kind} ${formatPropertyPath(path)}`);
        const back = [...diffValues([], right, left)].map(
          ({ path, kind }) => `${flip[kind]} ${formatPropertyPath(path)}`,
        );
        expect(back.sort()).toEqual(there.sort());
      }),
    );
  });
});

describe("ignoreChanges", () => {
  it.each([
    [["contextHash"], ["contextHash"], true],
    [["env.A"], ["env", "A"], true],
    [["env.A"], ["env", "B"], false],
    [["env"], ["env", "A"], true],
    [["env.A"], ["env"], false],
    [["tags[1]"], ["tags", 1], true],
    [["tags[*]"], ["tags", 7], true],
    [['contextFiles["a b.py"]'], ["contextFiles", "a b.py"], true],
    [["contextFiles.*"], ["contextFiles", "x"], true],
    [[], ["name"], false],
  ] as const)("%j covers %j: %j", (ignored, path, expected) => {
    expect(ignores(ignored, path)).toBe(expected);
  });
});
