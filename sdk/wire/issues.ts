import type { SchemaError } from "../schema.ts";

/** At most this many problems are spelled out; a body with thousands of bad members must not make a message of that size. */
const MAX_ISSUES = 5;

/**
 * Path of a member as a reader writes it: `build_context.files[3].mode`. The top itself is `""`.
 *
 * @example
 * ```ts
 * formatPath(["build_context", "files", 3, "mode"]); // "build_context.files[3].mode"
 * ```
 */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
    "",
  );
}

/**
 * What is wrong with a body, in one line, each problem behind the property it is about:
 * `steps[2].packages: Invalid input: expected array, received string; tags: …`.
 *
 * @param [whole="body"] what to call the body itself when the problem is not inside it
 * @example
 * ```ts
 * const parsed = CreateTemplateRequest.safeParse({ name: 1 });
 * if (!parsed.success) console.error(formatIssues(parsed.error)); // "name: Invalid input: expected string, received number"
 * ```
 */
export function formatIssues(error: SchemaError, whole = "body"): string {
  const lines = error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => `${formatPath(issue.path) || whole}: ${issue.message}`);
  const rest = error.issues.length - lines.length;
  return lines.join("; ") + (rest > 0 ? `; and ${rest} more` : "");
}
