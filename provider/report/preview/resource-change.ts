import type { Controller, DiffRequest } from "../../core/controller.ts";
import type { PropertyChange } from "../../core/property-diff.ts";
import { parsePropertyPath, type PropertyPath } from "../../core/property-path.ts";
import type { Properties } from "../../core/properties.ts";
import { HIDDEN_ANEW, isHidden, replaceAt } from "./shown-values.ts";
import { controllerOf, nameOf } from "./resource-type.ts";
import type { PreviewedState, PreviewStep } from "./preview.ts";

/** What a preview says of one resource of ours. */
export interface ResourceChange {
  urn: string;
  /** Its name in the program. */
  name: string;
  controller: Controller;
  op: string;
  /** As the last update left it; what a refresh of the same preview found may differ. */
  recorded?: PreviewedState;
  /** As it is, as far as the preview has looked. */
  found?: PreviewedState;
  /** As the program wants it. */
  wanted?: PreviewedState;
}

/** The changes of our resources, in the order of their URNs; a resource that is only refreshed is none. */
export function resourceChanges(steps: readonly PreviewStep[]): ResourceChange[] {
  const refreshed = new Map(steps.filter(({ op }) => op === "refresh").map((step) => [step.urn, step.old]));
  return steps
    .filter(({ op }) => op !== "refresh")
    .flatMap((step) => {
      const controller = controllerOf(step.urn);
      if (controller === undefined) return [];
      const { urn, op, old: found, new: now } = step;
      const recorded = refreshed.get(urn) ?? found;
      const wanted = now && { ...now, inputs: markHidden(now.inputs, step) };
      const states = { ...(recorded && { recorded }), ...(found && { found }), ...(wanted && { wanted }) };
      return [{ urn, name: nameOf(urn), controller, op, ...states }];
    })
    .toSorted((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0));
}

/** Secrets that the engine says have changed become unlike those of before. */
function markHidden(inputs: Properties, { changedPaths }: PreviewStep): Properties {
  return changedPaths
    .map(parsePropertyPath)
    .reduce((all, path) => replaceAt(all, path, (value) => (isHidden(value) ? HIDDEN_ANEW : value)), inputs);
}

/** What is different between what is there and what is wanted, as the provider compares it. */
export function changesOf(
  controller: Controller,
  found: PreviewedState,
  newInputs: Properties,
): readonly PropertyChange[] {
  const request: DiffRequest = { oldInputs: found.inputs, oldOutputs: found.outputs, newInputs };
  return controller.diff(request).changes;
}

/** The value at a path; undefined where there is none. */
export function valueAt(properties: unknown, path: PropertyPath): unknown {
  return path.reduce<unknown>((value, step) => {
    const holds = typeof value === "object" && value !== null && Object.hasOwn(value, step);
    return holds ? (value as Record<PropertyKey, unknown>)[step] : isHidden(value) ? value : undefined;
  }, properties);
}
