import { expect, it } from "vitest";
import { controllers } from "../../../provider/controllers.ts";
import { shownFailures } from "../../../provider/values/shown-failures.ts";
import { Redactor } from "../../../sdk/secrets/index.ts";

const show = (property: string, news: Record<string, unknown>, marked: (string | number)[][] = []) =>
  shownFailures(controllers.Template!, [{ property, reason: "the reason" }], { news, marked, secrets: new Redactor() });

it("a failure names its property apart only where the engine may print what is in it", () => {
  expect(show("vcpus", { vcpus: "two" })).toEqual([{ property: "vcpus", reason: "the reason" }]);
  for (const [property, value] of [
    ["buildSecrets", "text"],
    ["env", { A: "1" }],
    ["unheardOf", "text"],
    ["constructor", "text"],
    ["readiness.port", 1],
  ] as const) {
    expect(show(property, { [property]: value })).toEqual([{ property: "", reason: `${property}: the reason` }]);
  }
});

it("what is wrong with a value that is marked as secret is not said: a reason may quote a part of it", () => {
  for (const [property, place] of [
    ["fromTemplate", ["fromTemplate"]],
    ["steps[0].cmd", ["steps", 0, "cmd"]],
    ["steps[0]", ["steps", 0, "cmd"]],
    ["env.TOKEN", ["env"]],
  ] as const) {
    const [failure] = show(property, {}, [[...place]]);
    expect(failure!.reason).toMatch(/marked as secret/);
    expect(failure!.reason).not.toContain("the reason");
  }
  expect(show("env.PLAIN", {}, [["env", "TOKEN"]])[0]!.reason).toContain("the reason");
});

it("what is wrong with the resource as a whole is said, whatever is marked as secret in it", () => {
  expect(show("", {}, [["env", "TOKEN"]])).toEqual([{ property: "", reason: "the reason" }]);
});
