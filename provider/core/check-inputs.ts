import type { z } from "zod";
import type { CheckFailure, CheckResult, Properties } from "./properties.ts";
import { fillDefaults } from "./fill-defaults.ts";
import { formerNameOf } from "./input-facts.ts";
import { nearestName } from "../../sdk/arguments/index.ts";
import { formatPropertyPath } from "./property-path.ts";
import { hasUnknown, isRecord, UNKNOWN } from "./unknown.ts";

/** Longer texts are not repeated in a message. */
const MAX_QUOTED = 100;

/**
 * Validates inputs one by one and fills in defaults. What is unknown, in whole or in part, is let through: it is
 * checked when it is known.
 *
 * @returns the inputs that are right, and a failure, with its path, for each problem
 */
export function checkInputs(schema: z.ZodObject, news: Properties): CheckResult {
  const inputs: Properties = {};
  const failures: CheckFailure[] = [];
  const known = Object.keys(schema.shape);
  for (const key of Object.keys(news)) {
    // The engine and the language hosts add members of their own, such as __internal.
    if (known.includes(key) || key.startsWith("__")) continue;
    const renamed = known.find((name) => formerNameOf(schema.shape[name] as z.ZodType) === key);
    const near = renamed ?? nearestName(key, known);
    failures.push({
      property: formatPropertyPath([key]),
      reason:
        near === undefined
          ? `there is no input "${key}": the inputs are ${known.join(", ")}`
          : `there is no input "${key}": did you mean "${near}"?`,
    });
  }
  for (const [key, property] of Object.entries(schema.shape)) {
    const value = news[key] ?? undefined;
    const parsed = (property as z.ZodType).safeParse(value);
    if (parsed.success) {
      if (parsed.data !== undefined) inputs[key] = parsed.data;
      continue;
    }
    if (hasUnknown(value)) inputs[key] = fillDefaults(property as z.ZodType, value);
    for (const issue of flatten(parsed.error.issues)) {
      if (touchesUnknown(value, issue.path)) continue;
      const path = [key, ...issue.path.map((step) => (typeof step === "number" ? step : String(step)))];
      const quotable = (property as z.ZodType).meta()?.secret !== true;
      failures.push({ property: formatPropertyPath(path), reason: reasonOf(issue, value, quotable) });
    }
  }
  return { inputs, failures };
}

/**
 * Inputs of any version as this one would complete them: defaults filled in, at every depth, that a state of an older
 * version does not have yet, or has under a former name. Nothing is refused here: what does not fit the schema stays as it
 * is.
 */
export function withDefaults(schema: z.ZodObject, inputs: Properties): Properties {
  const filled: Properties = { ...inputs };
  for (const [key, property] of Object.entries(schema.shape)) {
    const formerName = formerNameOf(property as z.ZodType);
    if (formerName !== undefined) filled[key] ??= filled[formerName];
    const value = fillDefaults(property as z.ZodType, filled[key]);
    if (value !== undefined) filled[key] = value;
  }
  return filled;
}

/** Issues with those of the only fitting branch of a union in place of "no branch fits". */
function flatten(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length !== 1) return [issue];
    return flatten(issue.errors[0]!.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

function reasonOf(issue: z.core.$ZodIssue, value: unknown, quotable: boolean): string {
  if (value === undefined) return "it is required";
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
    const options = (issue as { options?: unknown[] }).options ?? [];
    return `must be one of ${options.map((option) => JSON.stringify(option)).join(", ")}`;
  }
  if (issue.code === "unrecognized_keys") {
    return `there is no member ${issue.keys.map((key) => JSON.stringify(key)).join(", ")} here`;
  }
  if (issue.code === "invalid_type" && issue.input === undefined && issue.path.length > 0) return "it is required";
  const wrong = valueAt(value, issue.path);
  const quote = quotable && typeof wrong === "string" && wrong.length <= MAX_QUOTED;
  return quote ? `${JSON.stringify(wrong)}: ${issue.message}` : issue.message;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(memberAt, value);
}

/** Does the way to the place, or the place itself, hold something unknown? */
function touchesUnknown(value: unknown, path: readonly PropertyKey[]): boolean {
  let current = value;
  for (const step of path) {
    if (current === UNKNOWN) return true;
    current = memberAt(current, step);
  }
  return hasUnknown(current);
}

function memberAt(value: unknown, step: PropertyKey): unknown {
  const holds = (isRecord(value) || Array.isArray(value)) && Object.hasOwn(value, step);
  return holds ? (value as Record<PropertyKey, unknown>)[step] : undefined;
}
