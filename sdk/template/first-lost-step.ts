import { isDeepStrictEqual } from "node:util";
import { contextPath, readChangedPath } from "../dockerfile/context-source.ts";
import type { CopyItem, Step } from "../wire/step.ts";

/** The first step of a template that is built again; all behind it are too. */
export interface LostStep {
  /** Place among the new steps, from 0. */
  index: number;
  /**
   * `file`: it copies a path that has changed. `step`: it is another step than before, or a new one. `forced`: it asks
   * for this itself (`force_upload`), or stands behind a `skip_cache`.
   */
  reason: { kind: "file"; path: string } | { kind: "step" } | { kind: "forced" };
}

/**
 * Where a build of declarative steps stops coming from the builder's cache. It asks nobody, and takes for granted that the
 * steps from before are still in the cache, on top of the same base.
 *
 * @param changedPaths what was added, removed or changed in the context, under the names that the steps' `sources` use. A
 *   slash at the end says that something below that folder has changed
 * @returns `undefined` when no step is lost, and when it cannot be told for certain whether one reads what has changed
 */
export function firstLostStep(
  before: readonly Step[],
  now: readonly Step[],
  changedPaths: Iterable<string>,
): LostStep | undefined {
  const changed = [...changedPaths].map(readChangedPath);
  for (const [index, step] of now.entries()) {
    const there = before[index];
    if (there === undefined || !isDeepStrictEqual(comparable(there), comparable(step))) {
      return { index, reason: { kind: "step" } };
    }
    if (now[index - 1]?.action === "skip_cache" || itemsOf(step).some(({ force_upload }) => force_upload === true)) {
      return { index, reason: { kind: "forced" } };
    }
    const sources = itemsOf(step).flatMap((item) => item.sources.map(contextPath));
    const path = changed.find((one) => sources.some((source) => source.reach(one) === "yes"));
    if (path) return { index, reason: { kind: "file", path: path.text } };
    if (changed.some((one) => sources.some((source) => source.reach(one) === "maybe"))) return undefined;
  }
  return undefined;
}

function itemsOf(step: Step): CopyItem[] {
  if (step.action === "copy") return [step];
  return step.action === "copy_items" ? step.items : [];
}

/** A step in one spelling: modes as numbers, and without members that are not there. */
function comparable(value: unknown, key?: string): unknown {
  if (key === "mode" && typeof value === "string") return Number.parseInt(value, 8);
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, comparable(member, name)]));
}
