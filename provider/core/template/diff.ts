import { withDefaults } from "../check-inputs.ts";
import { effectsOf } from "../input-facts.ts";
import type { DiffRequest, DiffResult } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { diffProperties, diffValues, type PropertyChange } from "../property-diff.ts";
import { isRecord, UNKNOWN } from "../unknown.ts";
import { TemplateInputs } from "./inputs.ts";
import { Imported } from "./outputs.ts";
import { SECRET_INPUTS, secretsAskForBuild } from "./secret-change.ts";
import { unfinishedNotice } from "./unfinished-notice.ts";

/** Begins the `contextHash` of an imported template: the service does not know our hash of what it was built from. */
export const IMPORTED_HASH = "imported:";

/**
 * Compares inputs with inputs. The context is its hash: where it lies does not matter. A build that did not come to its
 * end counts as a change: the next update goes on with it.
 *
 * Of an imported template, what import cannot learn (the files, the values of variables, build arguments) counts as
 * equal, so that the first update takes over the template as it is.
 */
export function diffTemplate({ oldInputs, oldOutputs, newInputs }: DiffRequest): DiffResult {
  // Either may be of an older version: in a refresh the state's own inputs come as the new ones.
  // Where the program asks for no namespace, the one that there is is right.
  const current = oldOutputs?.namespace ?? oldInputs.namespace;
  const isAnother = (newInputs.namespace ?? undefined) !== undefined && (current ?? undefined) !== undefined;
  const namespace = isAnother ? current : newInputs.namespace;
  const olds: Properties = { ...withDefaults(TemplateInputs, oldInputs), namespace };
  const news = withDefaults(TemplateInputs, newInputs);
  let changes = diffProperties(olds, news, effectsOf(TemplateInputs));
  if (secretsAskForBuild(olds, news))
    changes = changes.map((change) => (isOfSecret(change) ? { ...change, effect: "rebuild" } : change));
  // Without a good build there is nothing to take as it is.
  const isUnborn = oldOutputs !== undefined && oldOutputs.buildId === undefined;
  if (isImported(oldInputs) && !isUnborn) changes = changesOfImported(changes, oldInputs, news, oldOutputs);
  if (changes.some(({ path: [key] }) => key === "contextHash")) {
    for (const change of diffValues(["contextFiles"], olds.contextFiles, news.contextFiles)) {
      changes.push({ ...change, effect: "rebuild" });
    }
  }
  if (oldOutputs?.attempt !== undefined && !changes.some(({ effect }) => effect === "rebuild")) {
    changes.push({ path: ["status"], kind: "update", effect: "rebuild", isOutput: true });
  }
  const isBuilt =
    oldOutputs?.buildId === undefined || changes.some(({ effect, isOutput }) => effect === "rebuild" && !isOutput);
  const notice = oldOutputs === undefined ? undefined : unfinishedNotice(oldOutputs, isBuilt);
  const renamed = changes.some(({ path: [key] }) => key === "name");
  return {
    changes,
    deleteBeforeReplace: false,
    stables: renamed ? ["namespace"] : ["namespace", "canonicalRef"],
    ...(notice !== undefined && { notices: [notice] }),
  };
}

/** Would an update with these inputs start a build? */
export function needsRebuild(request: DiffRequest): boolean {
  return diffTemplate(request).changes.some(({ effect, isOutput }) => effect === "rebuild" && isOutput !== true);
}

function isOfSecret({ path: [key] }: PropertyChange): boolean {
  return (SECRET_INPUTS as readonly unknown[]).includes(key);
}

function isImported(inputs: Properties): boolean {
  return typeof inputs.contextHash === "string" && inputs.contextHash.startsWith(IMPORTED_HASH);
}

/** Of the changes, those of inputs that the service told at the import. */
function changesOfImported(
  changes: readonly PropertyChange[],
  oldInputs: Properties,
  news: Properties,
  oldOutputs: Properties | undefined,
): PropertyChange[] {
  const { inputs: known, envKeys } = Imported.safeParse(oldOutputs?.imported).data ?? { inputs: [] };
  const told = changes.filter(({ path: [key] }) => {
    if (key === "contextHash") return false;
    return known.includes(key as string) || (oldInputs[key as string] ?? undefined) !== undefined;
  });
  if (envKeys === undefined || (oldInputs.env ?? undefined) !== undefined) return told;
  // Of variables the service tells the names alone.
  const named = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, true]));
  if (news.env === UNKNOWN) return [...told, { path: ["env"], kind: "update", effect: "rebuild" }];
  const wanted = isRecord(news.env) ? Object.keys(news.env) : undefined;
  // What a template has from its parent is named too, and is in no program.
  const own = news.fromTemplate === undefined ? envKeys : envKeys.filter((key) => wanted?.includes(key));
  const before = own.length === 0 ? undefined : named(own);
  const after = wanted && named(wanted);
  for (const change of diffValues(["env"], before, after)) told.push({ ...change, effect: "rebuild" });
  return told;
}
