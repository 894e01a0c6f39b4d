import { describe, expect, it } from "vitest";
import { FAIL_ON, makeReport, metConditions, readPreview, type StackReport } from "../../../provider/report/index.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const urn = (type: string, name: string) => `urn:pulumi:dev::e2e::pulumi-nodejs:dynamic/nullspace:${type}::${name}`;

interface Step {
  op?: string;
  type: string;
  name: string;
  olds?: object;
  outputs?: object;
  news?: object;
  from?: Record<string, string[]>;
}

function report(...steps: Step[]): StackReport {
  const document = {
    steps: steps.map(({ op = "update", type, name, olds, outputs, news, from }) => ({
      op,
      urn: urn(type, name),
      ...(olds && { oldState: { id: `acme/${name}`, inputs: olds, outputs: { ...olds, ...outputs } } }),
      ...(news && { newState: { inputs: news, propertyDependencies: from ?? {} } }),
    })),
  };
  return makeReport([{ preview: readPreview(JSON.stringify(document)) }]).stacks[0]!;
}

const OUTPUTS = { canonicalRef: "acme/web", buildId: "tb_1", namespace: "acme" };
const web = (news: object, olds: object = { name: "web", vcpus: 1, tags: ["default"] }): Step => ({
  type: "Template",
  name: "web",
  olds,
  outputs: OUTPUTS,
  news: { ...olds, ...news },
});
const POOL = {
  name: "pool",
  template: "acme/web:stable",
  versionPolicy: "track_tag",
  buildId: "tb_1",
  minReady: 2,
  maxReady: 4,
};
const pool = (news: object, more: Partial<Step> = {}): Step => ({
  type: "WarmPool",
  name: "pool",
  olds: POOL,
  outputs: { resolvedBuildId: "tb_1", poolId: "twp_1" },
  news: { ...POOL, ...news },
  ...more,
});

describe("what is unknown in a preview of dynamic resources", () => {
  const tag = (step: Partial<Step> = {}): Step => ({
    type: "TemplateTag",
    name: "stable",
    olds: { template: "acme/web", tag: "stable", buildId: "tb_1" },
    outputs: { ref: "acme/web:stable" },
    news: { template: UNKNOWN, tag: "stable", buildId: UNKNOWN },
    from: { template: [urn("Template", "web")], buildId: [urn("Template", "web")] },
    ...step,
  });

  it("is no change where its source keeps what it had", () => {
    const from = { template: [urn("TemplateTag", "stable")], buildId: [urn("TemplateTag", "stable")] };
    const stack = report(web({ visibility: "public" }), tag(), pool({ template: UNKNOWN, buildId: UNKNOWN }, { from }));
    expect(stack).toMatchObject({ tags: [], pools: [], settled: ["stable", "pool"] });
    expect(stack.templates).toMatchObject([{ action: "update" }]);
  });

  it("is the new build of the template, through a tag too", () => {
    const from = { template: [urn("TemplateTag", "stable")], buildId: [urn("TemplateTag", "stable")] };
    const stack = report(web({ vcpus: 2 }), tag(), pool({ template: UNKNOWN, buildId: UNKNOWN }, { from }));
    const to = { kind: "new build", of: "web" };
    expect(stack.tags).toMatchObject([
      { tag: "default", certain: true, from: { id: "tb_1" }, to },
      { template: "acme/web", tag: "stable", certain: true, from: { id: "tb_1" }, to },
    ]);
    expect(stack.pools).toMatchObject([{ rolls: "yes", from: { id: "tb_1" }, to, empty: "never" }]);
  });

  it("is the same through a reference that holds both, and stays one that another resource decides", () => {
    const base = `acme/web:tb_1`;
    const child = (from: string[]): Step => ({
      type: "Template",
      name: "child",
      olds: { name: "child", fromTemplate: base },
      outputs: { canonicalRef: "acme/child", buildId: "tb_9" },
      news: { name: "child", fromTemplate: UNKNOWN },
      from: { fromTemplate: from },
    });
    const source = [urn("Template", "web")];
    expect(report(web({ visibility: "public" }), child(source)).settled).toEqual(["child"]);
    expect(report(web({ vcpus: 2 }), child(source)).templates).toMatchObject([
      { resource: "child", action: "rebuild", certain: true, inputs: [{ afterUpdateOf: "web" }] },
      { resource: "web", action: "rebuild" },
    ]);
    expect(report(child(["urn:pulumi:dev::e2e::random:index:Pet::x"])).templates).toMatchObject([
      { action: "rebuild", certain: false },
    ]);
  });

  it("is another source's value when the program has changed the source", () => {
    const other: Step = { op: "create", type: "Template", name: "other", news: { name: "other" } };
    const from = { template: [urn("Template", "other")], buildId: [urn("Template", "other")] };
    const [moved] = report(other, tag({ from })).tags.filter(({ tag: name }) => name === "stable");
    expect(moved).toMatchObject({ action: "update", from: { id: "tb_1" } });
    expect(moved!.to).not.toEqual({ kind: "build", id: "tb_1" });
  });

  it("may be a replacement, which is not claimed and can be stopped at", () => {
    const stack = report(tag({ news: { template: "acme/web", tag: UNKNOWN, buildId: "tb_1" } }));
    expect(stack.tags).toMatchObject([{ action: "update", certain: false, mayBeReplaced: true }]);

    expect(metConditions({ version: 1, verdict: "", failed: false, stacks: [stack] }, FAIL_ON)).toEqual(["replace"]);
  });
});

describe("a pool", () => {
  it.each([
    [{ minReady: 2, maxReady: 4 }, "never"],
    [{ minReady: 2, maxReady: 2 }, "never"],
    [{ minReady: 1, maxReady: 1 }, "one start"],
    [{ minReady: 0 }, "may be"],
    [{ enabled: false }, "disabled"],
    [{ maxReady: UNKNOWN }, "unknown"],
  ])("that rolls with %j is empty: %s", (news, empty) => {
    expect(report(pool({ buildId: "tb_2", ...news })).pools).toMatchObject([{ rolls: "yes", empty }]);
  });

  it("rolls for another kind of machine, and keeps its machines for another label", () => {
    expect(report(pool({ memoryMib: 1024 })).pools).toMatchObject([{ rolls: "yes" }]);
    expect(report(pool({ labels: { a: "b" } })).pools).toMatchObject([{ rolls: "no", inputs: [{ path: "labels" }] }]);
    expect(report(pool({ template: "acme/renamed:stable" })).pools).toMatchObject([{ rolls: "no" }]);
  });
});

describe("a pool that follows a tag without naming its build", () => {
  const { buildId: _, ...olds } = POOL;
  const pinned = { ...olds, versionPolicy: "pinned_build" };
  const following = (of: object, op = "same"): Step => pool({}, { op, olds: of, news: of });
  const tags = { tags: ["default", "stable"] };
  const rebuilt = web({ ...tags, vcpus: 2 }, { name: "web", vcpus: 1, ...tags });

  it("rolls when the tag moves, though nothing of it changes", () => {
    const to = { kind: "new build", of: "web" };
    for (const selector of [{ template: "acme/web:stable" }, { template: "acme/web", trackTag: "stable" }]) {
      const stack = report(rebuilt, following({ ...olds, ...selector }));
      expect(stack.pools).toMatchObject([
        { action: "follow", certain: true, rolls: "yes", from: { id: "tb_1" }, to, empty: "never" },
      ]);
      expect(stack.verdict).toContain("1 pool rolls without being empty");
    }
    const labelled = { ...following({ ...olds, labels: { a: "1" } }, "update"), olds };
    expect(report(rebuilt, labelled).pools).toMatchObject([{ action: "update", rolls: "yes", to }]);
  });

  it("is as sure of its own change as without the tag", () => {
    const moved = { ...web({ ...tags, vcpus: UNKNOWN }, { name: "web", vcpus: 1, ...tags }), from: { vcpus: [] } };
    expect(report(moved, following(olds)).pools).toMatchObject([{ action: "follow", certain: false, rolls: "maybe" }]);
    const larger = { ...following({ ...olds, vcpus: 2 }, "update"), olds: { ...olds, vcpus: 1 } };
    expect(report(moved, larger).pools).toMatchObject([{ action: "update", certain: true, rolls: "yes" }]);
  });

  it("stays when its tag does, or when it follows none", () => {
    expect(report(rebuilt, following({ ...olds, template: "acme/web:other" })).pools).toEqual([]);
    expect(report(rebuilt, following({ ...olds, template: "acme/other:stable" })).pools).toEqual([]);
    expect(report(rebuilt, following(pinned)).pools).toEqual([]);
    // Without a tag the service refuses it: there is no `default` to follow.
    expect(report(rebuilt, following({ ...olds, template: "acme/web" })).pools).toEqual([]);
    expect(report(web({ visibility: "public" }), following(olds)).pools).toEqual([]);
  });
});

it("a template that is to stay is retained, not deleted", () => {
  const step = web({}, { name: "web", deletionPolicy: "retain" });
  const { news: _, ...gone } = step;
  expect(report({ ...gone, op: "delete" }).templates).toMatchObject([{ action: "retain" }]);
});

it.each([
  [[web({ vcpus: 2 })], ["rebuild"]],
  [[web({ visibility: "public" })], []],
  [[{ ...web({}), op: "delete" }], ["delete"]],
  [[{ ...web({ namespace: "other" }), op: "replace" }], ["replace"]],
])("a caller may stop at %j: %j", (steps, met) => {
  const stack = report(...(steps as Step[]));
  expect(metConditions({ version: 1, verdict: "", failed: false, stacks: [stack] }, FAIL_ON)).toEqual(met);
  expect(metConditions({ version: 1, verdict: "", failed: false, stacks: [stack] }, [])).toEqual([]);
});
