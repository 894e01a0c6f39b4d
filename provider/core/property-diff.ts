import type { Properties } from "./properties.ts";
import type { PropertyPath } from "./property-path.ts";
import { isRecord, UNKNOWN } from "./unknown.ts";

/**
 * What a changed input leads to.
 *
 * - `rebuild`: a new build, in place
 * - `update`: a call of the service, in place
 * - `replace`: another resource
 * - `ignore`: nothing: it only says how something else is obtained
 */
export type ChangeEffect = "rebuild" | "update" | "replace" | "ignore";

export interface PropertyRule {
  effect: ChangeEffect;
  /** Order and repetition do not matter. */
  set?: boolean;
}

/** The effect of every input of a resource. */
export type PropertyTable = Readonly<Record<string, PropertyRule>>;

export interface PropertyChange {
  path: PropertyPath;
  kind: "add" | "delete" | "update";
  effect: ChangeEffect;
  /** The path is one of the outputs: no input has changed, and there is something to do all the same. */
  isOutput?: boolean;
}

/** All changed inputs that are not ignored, by their paths. `null` and an absent member are the same. */
export function diffProperties(olds: Properties, news: Properties, table: PropertyTable): PropertyChange[] {
  const changes: PropertyChange[] = [];
  for (const key of Object.keys(table)) {
    const rule = table[key];
    if (rule === undefined || rule.effect === "ignore") continue;
    const [before, after] = [olds[key], news[key]];
    const found =
      rule.set === true && Array.isArray(before) && Array.isArray(after)
        ? diffSets([key], before, after)
        : diffValues([key], before, after);
    for (const change of found) changes.push({ ...change, effect: rule.effect });
  }
  return changes;
}

/** Differences of two values, each at the deepest place that tells them apart. */
export function* diffValues(
  path: PropertyPath,
  before: unknown,
  after: unknown,
): Generator<Omit<PropertyChange, "effect">> {
  const absentBefore = before === undefined || before === null;
  const absentAfter = after === undefined || after === null;
  if (absentBefore && absentAfter) return;
  if (absentBefore) yield { path, kind: "add" };
  else if (absentAfter) yield { path, kind: "delete" };
  else if (before === UNKNOWN || after === UNKNOWN) yield { path, kind: "update" };
  else if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++) {
      yield* diffValues([...path, index], before[index], after[index]);
    }
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* diffValues([...path, key], ownMember(before, key), ownMember(after, key));
    }
  } else if (before !== after) yield { path, kind: "update" };
}

/** Are the values equal, all the way down? Nothing is equal to an unknown value. */
export function sameValue(before: unknown, after: unknown): boolean {
  return diffValues([], before, after).next().done === true;
}

/** The list as a whole, when one has a member that the other has not. Members are not sorted: an unknown one has no order. */
function* diffSets(
  path: PropertyPath,
  before: readonly unknown[],
  after: readonly unknown[],
): Generator<Omit<PropertyChange, "effect">> {
  if (!isSubset(before, after) || !isSubset(after, before)) yield { path, kind: "update" };
}

function isSubset(part: readonly unknown[], all: readonly unknown[]): boolean {
  return part.every(
    (member) => member === undefined || member === null || all.some((other) => sameValue(member, other)),
  );
}

/** A member called `constructor` is not the one that every object inherits. */
function ownMember(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
