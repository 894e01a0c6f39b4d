import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstLostStep } from "../../../sdk/template/first-lost-step.ts";
import type { Step } from "../../../sdk/wire/index.ts";

const copy = (...sources: string[]): Step => ({ action: "copy", sources, dst: "/app/" });
const run = (command: string): Step => ({ action: "run", command });
const STEPS: readonly Step[] = [
  { action: "apt_install", packages: ["git"] },
  copy("package.json"),
  run("npm install"),
  {
    action: "copy_items",
    items: [
      { sources: ["./src/"], dst: "/app/src", mode: "0644" },
      { sources: ["docs", "*.md"], dst: "/docs/" },
    ],
  },
  run("npm test"),
];

describe("the first lost step of a template", () => {
  it.each<[string[], number | undefined, string?]>([
    [[], undefined],
    [["README.md", "src2/a"], undefined],
    [["package.json"], 1],
    [["src/deep/a", "package.json"], 1, "package.json"],
    [["src/deep/a"], 3],
    [["docs"], 3],
    [["docs/"], 3],
    [["*.md"], 3],
    // The folder above a source, and something that may be it.
    [["./"], undefined],
    [["src"], 3],
  ])("is the one that copies what has changed: %j", (paths, index, path = paths[0]) => {
    const expected = index === undefined ? undefined : { index, reason: { kind: "file", path } };
    expect(firstLostStep(STEPS, STEPS, paths)).toEqual(expected);
  });

  it.each<[string, readonly Step[], number | undefined]>([
    ["another command", STEPS.with(2, run("npm ci")), 2],
    ["a new step", [...STEPS.slice(0, 1), run("x"), ...STEPS.slice(1)], 1],
    ["a new step at the end", [...STEPS, run("x")], 5],
    ["a step that is gone", STEPS.toSpliced(2, 1), 2],
    ["the last steps gone", STEPS.slice(0, 3), undefined],
    ["packages in another order", STEPS.with(0, { action: "apt_install", packages: ["git", "curl"] }), 0],
    [
      "another spelling of the same",
      STEPS.with(2, { action: "run", command: "npm install", user: undefined }),
      undefined,
    ],
    ["nothing left", [], undefined],
  ])("is the first that is not as before: %s", (_what, now, index) => {
    expect(firstLostStep(STEPS, now, [])).toEqual(
      index === undefined ? undefined : { index, reason: { kind: "step" } },
    );
  });

  it("compares modes as numbers", () => {
    const of = (mode: number | string): Step[] => [{ action: "copy", sources: ["a"], dst: "/", mode }];
    expect(firstLostStep(of(0o644), of("644"), [])).toBeUndefined();
    expect(firstLostStep(of(0o644), of("0600"), [])).toMatchObject({ index: 0 });
  });

  it("is one that never comes from the cache", () => {
    const forced: Step = { action: "copy", sources: ["a"], dst: "/", force_upload: true };
    expect(firstLostStep([run("x"), forced], [run("x"), forced], [])).toEqual({ index: 1, reason: { kind: "forced" } });
    const boundary: Step[] = [run("x"), { action: "skip_cache" }, copy("a")];
    expect(firstLostStep(boundary, boundary, ["a"])).toEqual({ index: 2, reason: { kind: "forced" } });
    expect(firstLostStep(boundary.slice(0, 2), boundary.slice(0, 2), [])).toBeUndefined();
  });

  it("lies before no step that is another, wherever that is", () => {
    const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 6 });
    fc.assert(
      fc.property(steps, steps, steps, (common, before, now) => {
        const found = firstLostStep([...common, ...before], [...common, ...now], []);
        if (found) expect(found.index).toBeGreaterThanOrEqual(common.length);
        else expect([...common, ...before].slice(0, common.length + now.length)).toEqual([...common, ...now]);
      }),
    );
  });
});
