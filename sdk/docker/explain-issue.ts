import type { z } from "zod";
import { nearestName, show, showKind } from "../arguments/index.ts";

/** What a schema's types are called in a message. */
const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  array: "a list",
  object: "an object",
  record: "an object",
  boolean: "true or false",
  number: "a number",
  int: "a whole number",
};

/** Options whose values, however deep, no message repeats. */
const SECRET_OPTIONS: readonly unknown[] = ["secrets", "auth", "buildArgs", "buildargs", "builder"];

/**
 * What a schema found wrong with options, in the words of the house.
 *
 * @param known names of all the options
 * @returns the option, with the way to what is wrong inside it, and what is wrong
 */
export function explainIssue(
  issue: z.core.$ZodIssue,
  options: object,
  known: readonly string[],
): { name: string; reason: string } {
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const near = issue.path.length === 0 ? nearestName(key.replaceAll("_", ""), known) : undefined;
    const advice = near === undefined ? "" : `; did you mean ${near}?`;
    return { name: [...issue.path, key].join("."), reason: `there is no such option${advice}` };
  }
  const name = issue.path.join(".");
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    options,
  );
  const expected = [...new Set(kindsOf(issue))];
  if (expected.length === 0) return { name, reason: issue.message };
  const given = SECRET_OPTIONS.includes(issue.path[0]) ? showKind(value) : show(value);
  return { name, reason: `must be ${expected.join(", or ")}, not ${given}` };
}

/** The types that would have been right, where it is a matter of types. */
function kindsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "invalid_type") return KINDS[issue.expected] === undefined ? [] : [KINDS[issue.expected]!];
  if (issue.code !== "invalid_union") return [];
  return issue.errors.flatMap(([first]) => (first === undefined || first.path.length > 0 ? [] : kindsOf(first)));
}
