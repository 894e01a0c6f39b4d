import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeReport, readPreview, renderMarkdown, renderText, type Report } from "../../../provider/report/index.ts";

const golden = (name: string) => readFileSync(join(import.meta.dirname, "golden", name), "utf8");
const reportOf = (...texts: string[]): Report => makeReport(texts.map((text) => ({ preview: readPreview(text) })));
const everything = (report: Report) => JSON.stringify(report) + renderMarkdown(report, "preview") + renderText(report);

const TEMPLATE = "urn:pulumi:dev::e2e::nullspace:index:Template::web";
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** A document of one update. */
function update(olds: object, news: object, more: object = {}): string {
  const state = (inputs: object) => ({
    urn: TEMPLATE,
    id: "acme/web",
    inputs,
    outputs: { ...inputs, buildId: "tb_1" },
  });
  const steps = [
    { op: "update", urn: TEMPLATE, oldState: state(olds), newState: state(news), detailedDiff: null, ...more },
  ];
  return JSON.stringify({ steps, diagnostics: [], changeSummary: { update: 1 } }, null, 4);
}

describe("the output of a preview", () => {
  it("is found among the lines that a shell has mixed in", () => {
    const output = golden("plugin-one-file.json");
    const noisy = `\u001b[33mwarning\u001b[0m: a new version\r\n@ updating....\n${output}\n{not json\nerror: x\n`;
    expect(reportOf(noisy)).toEqual(reportOf(output));
    expect(reportOf(output.replaceAll("\n", "\r\n"))).toEqual(reportOf(output));
    expect(reportOf(`\uFEFF${output}`)).toEqual(reportOf(output));
  });

  it("gives the same report whatever the order of the steps", () => {
    const document = JSON.parse(golden("dynamic-drift.json")) as { steps: unknown[]; diagnostics: unknown[] };
    const expected = reportOf(JSON.stringify(document));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (by) => {
        const turn = (list: unknown[]) =>
          [...list.slice(by % list.length), ...list.slice(0, by % list.length)].reverse();
        const turned = { ...document, steps: turn(document.steps), diagnostics: turn(document.diagnostics) };
        expect(reportOf(JSON.stringify(turned))).toEqual(expected);
      }),
    );
  });

  it("may be missing or cut off: then the preview has failed, and what there is is told", () => {
    expect(reportOf("").stacks[0]).toMatchObject({
      failed: true,
      errors: [{ text: "the preview printed no result" }],
    });
    expect(reportOf("error: no stack selected\n").stacks[0]).toMatchObject({
      failed: true,
      errors: [{ text: "error: no stack selected" }],
    });
    const cut = golden("plugin-one-file.json").slice(0, 3000);
    expect(reportOf(cut).stacks[0]).toMatchObject({ failed: true, templates: [] });
    const events = golden("plugin-one-file.events.json").split("\n").slice(0, 4).join("\n");
    expect(reportOf(events).failed).toBe(true);
  });

  it("may be anything: there is a report", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void everything(reportOf(text))));
    const inputs = fc.dictionary(
      fc.constantFrom(
        "name",
        "tags",
        "buildArgs",
        "contextFiles",
        "steps",
        "minReady",
        "template",
        "buildId",
        "__secrets",
      ),
      fc.jsonValue(),
    );
    const types = fc.constantFrom("Template", "TemplateTag", "TemplateAlias", "WarmPool", "Other");
    const operations = fc.constantFrom("create", "update", "replace", "delete", "refresh", "same", "import", "odd");
    fc.assert(
      fc.property(types, operations, inputs, inputs, inputs, (type, op, olds, news, outputs) => {
        const urn = `urn:pulumi:dev::e2e::nullspace:index:${type}::x`;
        const steps = [{ op, urn, oldState: { inputs: olds, outputs }, newState: { inputs: news, outputs: news } }];
        everything(reportOf(JSON.stringify({ steps })));
      }),
    );
  });
});

describe("a secret", () => {
  it("is not shown, although Pulumi was asked to, and neither where a message repeats it", () => {
    const inputs = (secret: string) => ({
      name: "web",
      buildArgs: { TOKEN: { ...SECRET, plaintext: JSON.stringify(secret) } },
      buildSecrets: { token: `${secret}-of-the-schema` },
      env: { A: `${secret}-of-the-program` },
      __secrets: ["env.A"],
    });
    const diagnostics = [{ urn: TEMPLATE, severity: "warning", message: "warning: could not use hunter2-new\n" }];
    const document = JSON.parse(update(inputs("hunter2-old"), inputs("hunter2-new"))) as object;
    const report = reportOf(JSON.stringify({ ...document, diagnostics }));
    expect(everything(report)).not.toContain("hunter2");
    expect(report.stacks[0]!.warnings).toContainEqual(expect.objectContaining({ text: "could not use [secret]" }));
  });

  it("that has changed is known by the engine's word alone", () => {
    const inputs = { name: "web", buildSecrets: "[secret]", vcpus: 1 };
    const detailedDiff = { "buildSecrets.token": { kind: "update", inputDiff: true } };
    const [stack] = reportOf(update(inputs, inputs, { detailedDiff })).stacks;
    expect(stack!.templates).toMatchObject([
      { action: "update", inputs: [{ path: "buildSecrets", before: "[secret]", after: "[secret]" }] },
    ]);
    const asking = { ...inputs, rebuildOnSecretChange: true };
    expect(reportOf(update(asking, asking, { detailedDiff })).stacks[0]!.templates).toMatchObject([
      { action: "rebuild" },
    ]);
  });
});

it("several previews are told one below the other, each under its title", () => {
  const preview = readPreview(golden("plugin-one-file.json"));
  const report = makeReport([{ preview, title: "production" }, { preview }, { preview: readPreview("") }]);
  expect(report.stacks.map(({ title }) => title)).toEqual(["production", "e2e/dev", "preview 3"]);
  expect(report.verdict).toMatch(/^1 of 3 previews failed, with 1 error: more may change than is shown here/);
});
