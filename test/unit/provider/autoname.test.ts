import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { fillName, type Naming } from "../../../provider/core/autoname.ts";
import type { CheckResult, Properties } from "../../../provider/core/properties.ts";
import { TemplateInputs } from "../../../provider/core/template/inputs.ts";
import { proposeName } from "../../../provider/dynamic/propose-name.ts";

const schema = TemplateInputs.shape.name;
const naming = (more: Partial<Naming> = {}): Naming => ({ resource: "web", mode: "propose", seed: "s", ...more });

function check(given: Properties, { olds, how }: { olds?: Properties; how: Naming | undefined }): CheckResult {
  const result: CheckResult = { inputs: { ...given }, failures: [] };
  fillName(result, { schema, olds }, how);
  return result;
}

describe("the name of a resource that the program does not name", () => {
  it("is made of the resource's name and digits, the same for the same seed", () => {
    const { inputs } = check({}, { how: naming() });
    expect(inputs.name).toMatch(/^web-[0-9a-f]{7}$/);
    expect(check({}, { how: naming() }).inputs).toEqual(inputs);
    expect(check({}, { how: naming({ seed: "t" }) }).inputs).not.toEqual(inputs);
  });

  it("stays what it is, and never takes the place of a given one", () => {
    expect(check({}, { olds: { name: "old" }, how: naming() }).inputs.name).toBe("old");
    expect(check({ name: "mine" }, { olds: { name: "old" }, how: naming() }).inputs.name).toBe("mine");
  });

  it("fits the grammar of names, whatever the resource is called", () => {
    for (const resource of ["Web Server", "_x", "Ünï/cödé", "a".repeat(300), "日本"]) {
      const { inputs, failures } = check({}, { how: naming({ resource }) });
      expect([failures, schema.safeParse(inputs.name).success]).toEqual([[], true]);
    }
  });

  it("is the one that is proposed, as it is where that is enforced", () => {
    expect(check({}, { how: naming({ proposed: "dev-web" }) }).inputs.name).toBe("dev-web");
    expect(check({}, { how: naming({ proposed: "Dev Web" }) }).inputs.name).toBe("dev-web");
    const { failures } = check({}, { how: naming({ proposed: "Dev Web", mode: "enforce" }) });
    expect(failures).toEqual([{ property: "name", reason: expect.stringContaining('"Dev Web"') }]);
  });

  it("is asked for where automatic names are switched off", () => {
    const [off] = check({}, { how: naming({ mode: "disable" }) }).failures;
    expect(off?.reason).toContain("pulumi:autonaming");
    expect(check({}, { how: undefined }).failures).toEqual([{ property: "name", reason: "give a name" }]);
  });
});

describe("the setting pulumi:autonaming, as dynamic resources read it", () => {
  const place = { organization: "org", project: "proj", stack: "dev" };
  const mark = "0123456789abcdef0123";
  const propose = (setting: object | undefined, more: Record<string, string> = {}) => {
    const all = { ...more, ...(setting && { "pulumi:autonaming": JSON.stringify(setting) }) };
    pulumi.runtime.setAllConfig(all);
    return proposeName("Template", "web", mark, place);
  };

  it.each([
    ["nothing", undefined, undefined, "propose"],
    ["verbatim", { mode: "verbatim" }, "web", "propose"],
    ["a pattern", { pattern: "${project}-${stack}-${name}" }, "proj-dev-web", "propose"],
    ["a pattern that is enforced", { pattern: "${name}", enforce: true }, "web", "enforce"],
    ["disabled", { mode: "disabled" }, undefined, "disable"],
    [
      "that of the provider",
      { mode: "disabled", providers: { nullspace: { pattern: "n-${name}" } } },
      "n-web",
      "propose",
    ],
    [
      "that of the type",
      {
        providers: { nullspace: { mode: "disabled", resources: { "nullspace:index:Template": { mode: "verbatim" } } } },
      },
      "web",
      "propose",
    ],
    ["that of another provider", { providers: { aws: { mode: "verbatim" } } }, undefined, "propose"],
    ["what it does not know", { pattern: "${name}-${what}" }, "web-${what}", "propose"],
  ])("is %s", (_what, setting, proposed, mode) => {
    expect(propose(setting)).toMatchObject({ mode, ...(proposed !== undefined && { proposed }) });
    if (proposed === undefined) expect(propose(setting)).not.toHaveProperty("proposed");
  });

  it("makes random parts that are the same in every run", () => {
    const setting = { pattern: "${name}-${hex(5)}-${alphanum(4)}-${num(3)}-${string(6)}-${uuid}" };
    const { proposed } = propose(setting);
    expect(proposed).toMatch(
      /^web-[0-9a-f]{5}-[0-9a-z]{4}-[0-9]{3}-[a-z]{6}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(propose(setting).proposed).toBe(proposed);
  });

  it("takes values of the stack's configuration", () => {
    expect(propose({ pattern: "${config.app:region}-${name}" }, { "app:region": "eu" }).proposed).toBe("eu-web");
  });
});
