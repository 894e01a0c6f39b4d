import type { PropertyChange } from "../../core/property-diff.ts";
import { formatPropertyPath } from "../../core/property-path.ts";
import { hasUnknown } from "../../core/unknown.ts";
import { valueAt } from "../preview/resource-change.ts";
import type { SettledChange } from "../preview/settle-unknowns.ts";
import { HIDDEN, HIDDEN_ANEW } from "../preview/shown-values.ts";
import type { FileFact, InputFact } from "./report.ts";

/** The changed files of a template's build context. */
export function fileFacts({ changes }: Pick<SettledChange, "changes">): FileFact[] {
  return changes
    .filter(({ path }) => path[0] === "contextFiles" && path.length === 2)
    .map(({ path, kind }) => ({ path: String(path[1]), kind }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The changed inputs; the hash of the files is left out where the files themselves are named. */
export function inputFacts(change: SettledChange): InputFact[] {
  const hasFiles = fileFacts(change).length > 0;
  return change.changes
    .filter(({ path: [key], isOutput }) => {
      return isOutput !== true && key !== "contextFiles" && (key !== "contextHash" || !hasFiles);
    })
    .map((each) => inputFact(change, each))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function inputFact({ found, inputs, origins }: SettledChange, { path, kind }: PropertyChange): InputFact {
  const name = formatPropertyPath(path);
  const [before, after] = [valueAt(found?.inputs, path), valueAt(inputs, path)];
  const source = origins.get(name)?.resource.name;
  return {
    path: name,
    kind,
    ...(kind !== "add" && { before: shown(before) }),
    ...(kind === "delete" ? {} : hasUnknown(after) ? source && { afterUpdateOf: source } : { after: shown(after) }),
  };
}

/** A text as it is, anything else as JSON. */
function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.replaceAll(HIDDEN_ANEW, HIDDEN);
}
