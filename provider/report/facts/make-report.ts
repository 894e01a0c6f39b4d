import { Redactor } from "../../../sdk/secrets/index.ts";
import type { Preview } from "../preview/preview.ts";
import { resourceChanges } from "../preview/resource-change.ts";
import { controllerOf, nameOf, stackOf, typeTokenOf } from "../preview/resource-type.ts";
import { settleUnknowns } from "../preview/settle-unknowns.ts";
import { actionOf } from "./action.ts";
import { ownWarnings, sortMessages } from "./message-facts.ts";
import { poolFact } from "./pool-facts.ts";
import type { OtherFact, Report, StackReport } from "./report.ts";
import { aliasFact, tagFacts } from "./tag-facts.ts";
import { tagsOfTemplate, templateFact } from "./template-facts.ts";
import { verdictOf } from "./verdict.ts";

/** A preview to report on. */
export interface TitledPreview {
  preview: Preview;
  /** Default: `project/stack`, or a number where the preview does not tell. */
  title?: string;
}

/** What the previews say, in the order in which they are given. Same previews, same report. */
export function makeReport(previews: readonly TitledPreview[]): Report {
  const stacks = previews.map(({ preview, title }, index) =>
    stackReport(withoutSecrets(preview), title ?? stackTitle(preview) ?? `preview ${index + 1}`),
  );
  return { version: 1, verdict: verdictOf(stacks), failed: stacks.some(({ failed }) => failed), stacks };
}

function stackReport(preview: Preview, title: string): StackReport {
  const changes = settleUnknowns(resourceChanges(preview.steps));
  const said = sortMessages(preview.diagnostics, changes);
  const ofType = (type: string) => changes.filter(({ controller }) => controller.type === type);
  const present = <Fact>(facts: readonly (Fact | undefined)[]) => facts.filter((fact) => fact !== undefined);
  const templates = ofType("Template");
  const tags = [...templates.flatMap(tagsOfTemplate), ...ofType("TemplateTag").flatMap(tagFacts)];
  const facts = {
    templates: present(templates.map((change) => templateFact(change, said.byUrn.get(change.urn) ?? []))),
    tags,
    aliases: present(ofType("TemplateAlias").map(aliasFact)),
    pools: present(ofType("WarmPool").map((change) => poolFact(change, tags))),
    others: otherFacts(preview),
    warnings: [...said.warnings, ...ownWarnings(changes, said.warnings)],
    errors: preview.isWhole || said.errors.length > 0 ? said.errors : [unfinished(preview)],
    notes: said.notes,
    settled: changes
      .filter((change) => change.op === "update" && actionOf(change) === undefined)
      .map(({ name }) => name),
  };
  const stack = { title, verdict: "", failed: !preview.isWhole, ...facts };
  return { ...stack, verdict: verdictOf([stack]) };
}

/** Secrets that somebody has asked Pulumi to show are hidden where they stand; messages may repeat them. */
function withoutSecrets(preview: Preview): Preview {
  const redactor = new Redactor();
  redactor.add(preview.shownSecrets);
  const { diagnostics, otherLines } = preview;
  return {
    ...preview,
    diagnostics: diagnostics.map((each) => ({ ...each, message: redactor.text(each.message) })),
    otherLines: otherLines.map((line) => redactor.text(line)),
  };
}

function unfinished({ otherLines }: Preview): StackReport["errors"][number] {
  const text = otherLines.length === 0 ? "the preview printed no result" : otherLines.join("\n");
  return { kind: "said", text };
}

/** Operations on resources of other providers; the stack and the providers themselves are left out. */
function otherFacts({ steps }: Preview): OtherFact[] {
  return steps
    .filter(({ op, urn }) => op !== "same" && op !== "refresh" && op !== "read" && controllerOf(urn) === undefined)
    .map(({ op, urn }) => ({ type: typeTokenOf(urn), resource: nameOf(urn), op }))
    .filter(({ type }) => type !== "pulumi:pulumi:Stack" && !type.startsWith("pulumi:providers:"))
    .toSorted((a, b) => (`${a.type}\0${a.resource}` < `${b.type}\0${b.resource}` ? -1 : 1));
}

function stackTitle({ steps }: Preview): string | undefined {
  return steps[0] && stackOf(steps[0].urn);
}
