import { withDefaults } from "../check-inputs.ts";
import type { DiffRequest, DiffResult, Properties } from "../controller.ts";
import { diffProperties, diffValues } from "../property-diff.ts";
import { TEMPLATE_TABLE, TemplateInputs } from "./inputs.ts";

/** Begins the `contextHash` of an imported template: the service does not know our hash of what it was built from. */
export const IMPORTED_HASH = "imported:";

/**
 * Compares inputs with inputs. The context is its hash: where it lies does not matter.
 *
 * Of an imported template, what import cannot learn (the files, the values of variables, build arguments) counts as
 * equal, so that the first update takes over the template as it is.
 */
export function diffTemplate({ oldInputs, newInputs }: DiffRequest): DiffResult {
  // Either may be of an older version: in a refresh the state's own inputs come as the new ones.
  const olds = withDefaults(TemplateInputs, oldInputs);
  const news = withDefaults(TemplateInputs, newInputs);
  const imported = isImported(oldInputs);
  const changes = diffProperties(olds, news, TEMPLATE_TABLE).filter(({ path: [key] }) => {
    if (!imported) return true;
    return key !== "contextHash" && olds[key as string] !== undefined;
  });
  if (changes.some(({ path: [key] }) => key === "contextHash")) {
    for (const change of diffValues(["contextFiles"], olds.contextFiles, news.contextFiles)) {
      changes.push({ ...change, effect: "rebuild" });
    }
  }
  const renamed = changes.some(({ path: [key] }) => key === "name");
  return { changes, deleteBeforeReplace: false, stables: renamed ? ["namespace"] : ["namespace", "canonicalRef"] };
}

/** Would an update with these inputs start a build? */
export function needsRebuild(oldInputs: Properties, newInputs: Properties): boolean {
  return diffTemplate({ oldInputs, newInputs }).changes.some(({ effect }) => effect === "rebuild");
}

function isImported(inputs: Properties): boolean {
  return typeof inputs.contextHash === "string" && inputs.contextHash.startsWith(IMPORTED_HASH);
}
