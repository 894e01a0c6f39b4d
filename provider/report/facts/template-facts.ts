import { lostPlaceIn } from "../../core/template/build-forecast.ts";
import { isSure, promisedOutput, type SettledChange } from "../preview/settle-unknowns.ts";
import { sameValue } from "../../core/property-diff.ts";
import { actionOf, replacementOf } from "./action.ts";
import { knownBuild } from "./build-fact.ts";
import { fileFacts, inputFacts } from "./input-facts.ts";
import type { TagFact, TemplateFact } from "./report.ts";

/**
 * What becomes of a template; undefined when nothing does.
 *
 * @param said what the provider has said of it: its forecast is among that
 */
export function templateFact(change: SettledChange, said: readonly string[]): TemplateFact | undefined {
  const action = actionOf(change);
  if (action === undefined) return undefined;
  const { found, inputs, changes, name } = change;
  const ref = refOf(change);
  const promised = promisedOutput(change, "canonicalRef");
  const isRenamed = action !== "replace" && changes.some(({ path: [key] }) => key === "name");
  const cacheLostFrom = said.map((text) => lostPlaceIn(text, changes)).find((place) => place !== undefined);
  return {
    resource: name,
    ref,
    action,
    certain: action !== "rebuild" || isBuiltForCertain(change),
    ...(isRenamed && { renamedTo: typeof promised === "string" ? promised : String(inputs.name) }),
    files: found === undefined ? [] : fileFacts(change),
    inputs: found === undefined ? [] : inputFacts(change),
    ...(cacheLostFrom !== undefined && { cacheLostFrom }),
    ...replacementOf(change),
  };
}

/** What becomes of the tags that a template has by its own input `tags`. */
export function tagsOfTemplate(change: SettledChange): TagFact[] {
  const action = actionOf(change);
  if (action === undefined || action === "delete" || action === "retain" || action === "import") return [];
  const { recorded, found, inputs, name } = change;
  const [had, has, wants] = [recorded?.inputs.tags, found?.inputs.tags, inputs.tags].map(tagsIn);
  const live = found?.outputs.buildId;
  const isBuilt = action !== "update";
  const certain = action !== "rebuild" || isBuiltForCertain(change);
  const fact = (tag: string): TagFact => {
    const isThere = action !== "replace" && has!.has(tag) && live !== undefined;
    const from = isThere ? knownBuild(live) : had!.has(tag) && !has!.has(tag) ? ({ kind: "elsewhere" } as const) : null;
    const next = isBuilt ? ({ kind: "new build", of: name } as const) : knownBuild(live);
    const to = wants!.has(tag) ? next : null;
    const what = to === null ? "delete" : from === null ? "create" : "update";
    return { resource: name, template: templateName(change), tag, action: what, certain, from, to };
  };
  return [...new Set([...has!, ...wants!])]
    .toSorted()
    .map(fact)
    .filter(({ from, to }) => !sameValue(from, to));
}

/** Is there a reason to build that holds whatever the unknown values turn out to be? */
function isBuiltForCertain(change: SettledChange): boolean {
  return change.changes.some(({ path, effect, isOutput }) => {
    return effect === "rebuild" && (isOutput === true || isSure(change, path));
  });
}

function refOf({ found, inputs, name }: SettledChange): string {
  return [found?.outputs.canonicalRef, inputs.name, name].find((text) => typeof text === "string") ?? name;
}

/** The template as it is called after the change. */
function templateName(change: SettledChange): string {
  const promised = promisedOutput(change, "canonicalRef");
  return typeof promised === "string" ? promised : change.op === "update" ? refOf(change) : String(change.inputs.name);
}

function tagsIn(tags: unknown): ReadonlySet<string> {
  return new Set(Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : []);
}
