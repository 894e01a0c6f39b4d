import { InvalidRequestError } from "../errors.ts";

/**
 * Reads a comma list of members.
 *
 * @param known those that may be named
 * @throws InvalidRequestError `invalid_fields`
 */
export function readFields(text: string | undefined, known: readonly string[]): string[] | undefined {
  if (text === undefined) return undefined;
  const fields = [...new Set(text.split(",").map((field) => field.trim()))].filter((field) => field !== "");
  const unknown = fields.filter((field) => !known.includes(field));
  if (unknown.length === 0 && fields.length > 0) return fields;
  throw new InvalidRequestError(
    unknown.length > 0
      ? `fields: there is no ${unknown.join(", ")}. Choose from ${known.join(", ")}.`
      : "fields: name at least one member, or leave it out.",
    { code: "invalid_fields" },
  );
}

/** Only the members asked for; all when none were. */
export function pickFields<T extends object>(value: T, fields: readonly string[] | undefined): T {
  if (fields === undefined) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => fields.includes(name))) as T;
}
