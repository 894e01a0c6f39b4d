import type { SettledChange } from "../preview/settle-unknowns.ts";
import { isSure } from "../preview/settle-unknowns.ts";
import type { Action } from "./report.ts";

/** What becomes of a resource; undefined when nothing does. */
export function actionOf(change: SettledChange): Action | undefined {
  const { op, found, changes } = change;
  if (op === "delete") return found?.inputs.deletionPolicy === "retain" ? "retain" : "delete";
  if (op === "create" || op === "replace" || op === "import") return op;
  if (op !== "update" || changes.length === 0) return undefined;
  // A dynamic resource is previewed as updated when what would replace it is not known yet.
  if (changes.some(({ path, effect }) => effect === "replace" && isSure(change, path))) return "replace";
  if (changes.some(({ effect }) => effect === "rebuild")) return "rebuild";
  return "update";
}

/** The member of a fact that says that the update may turn out to be a replacement, once all values are known. */
export function replacementOf(change: SettledChange): { mayBeReplaced?: true } {
  const isUpdate = change.op === "update" && actionOf(change) !== "replace";
  return isUpdate && change.changes.some(({ effect }) => effect === "replace") ? { mayBeReplaced: true } : {};
}
