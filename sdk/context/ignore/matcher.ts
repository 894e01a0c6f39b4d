import { anyText, check, flag, like } from "../../arguments/index.ts";
import type { IgnoreRule } from "./rule.ts";

/** No rule excludes the entry. */
export const INCLUDED = -1;

/** The rules as seen from one directory. Names are single path segments. */
export interface IgnoreCursor {
  /** The index in {@link IgnoreMatcher.rules} of the rule that excludes the entry, or {@link INCLUDED}. */
  excludedBy(name: string, isDirectory: boolean): number;
  /** Whether an excluded directory must be entered because an exception may re-include something below it. */
  mayReincludeBelow(name: string): boolean;
  /** The rules as seen from the directory `name`. */
  enter(name: string): IgnoreCursor;
}

/** A compiled set of ignore rules. It keeps no path: matching costs memory for the rules alone. */
export interface IgnoreMatcher {
  readonly rules: readonly IgnoreRule[];
  /** The rules as seen from the root of the context. */
  root(): IgnoreCursor;
}

const MATCHER = like("a matcher, such as createIgnoreMatcher gives", ({ root }) => typeof root === "function");

/**
 * Whether `path` is excluded, asked outside of a walk.
 *
 * @param path relative to the context, with `/`
 * @returns the rule that excludes it, or `undefined`
 * @example
 * ```ts
 * const matcher = createIgnoreMatcher({ patterns: ["node_modules", "*.log"] });
 * ruleFor(matcher, "debug.log")?.pattern; // "*.log"
 * ```
 */
export function ruleFor(matcher: IgnoreMatcher, path: string, isDirectory = false): IgnoreRule | undefined {
  check("ruleFor", { matcher: MATCHER, path: anyText, isDirectory: flag }, { matcher, path, isDirectory });
  const names = path.split("/");
  const name = names.pop()!;
  const cursor = names.reduce((at, directory) => at.enter(directory), matcher.root());
  const index = cursor.excludedBy(name, isDirectory);
  return index === INCLUDED ? undefined : matcher.rules[index];
}
