import { sameValue } from "../../core/property-diff.ts";
import { isSure, type SettledChange } from "../preview/settle-unknowns.ts";
import { UNKNOWN } from "../../core/unknown.ts";
import { actionOf, replacementOf } from "./action.ts";
import { buildAt, knownBuild } from "./build-fact.ts";
import type { AliasFact, TagFact } from "./report.ts";

/** What becomes of the tag of a `TemplateTag`: two tags where it gets another name. */
export function tagFacts(change: SettledChange): TagFact[] {
  const { found, inputs, name } = change;
  const action = actionOf(change);
  if (action === undefined) return [];
  const before = { resource: name, template: text(found?.inputs.template), tag: text(found?.inputs.tag) };
  const after = { resource: name, template: templateOf(change), tag: text(inputs.tag) };
  const from = found === undefined ? null : knownBuild(found.inputs.buildId);
  const certain = action !== "update" || change.changes.some(({ path }) => isSure(change, path));
  if (action === "delete" || action === "retain") return [{ ...before, action, certain, from, to: null }];
  const to = buildAt(change, ["buildId"]);
  if (action !== "replace") return [{ ...after, action, certain, from, to, ...replacementOf(change) }];
  return [
    { ...before, action, certain, from, to: null },
    { ...after, action, certain, from: null, to },
  ];
}

/** Does the tag point at another build than before? */
export function isMove({ from, to }: TagFact): boolean {
  return from !== null && to !== null && !sameValue(from, to);
}

/** What becomes of an alias; undefined when nothing does. */
export function aliasFact(change: SettledChange): AliasFact | undefined {
  const { found, inputs, name } = change;
  const action = actionOf(change);
  if (action === undefined) return undefined;
  const isLeaving = action === "delete" || action === "retain";
  const alias = text((isLeaving ? found?.inputs : inputs)?.alias);
  const template = isLeaving ? text(found?.inputs.template) : templateOf(change);
  const certain = action !== "update" || change.changes.every(({ path }) => isSure(change, path));
  return { resource: name, alias, action, certain, ...(template !== "" && { template }), ...replacementOf(change) };
}

/** The template that an input `template` names; in place of one that is not known yet, the resource that will be it. */
function templateOf({ inputs, origins, found }: SettledChange): string {
  if (inputs.template !== UNKNOWN) return text(inputs.template);
  const source = origins.get("template")?.resource;
  return text(source?.inputs.name ?? source?.name ?? found?.inputs.template);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
