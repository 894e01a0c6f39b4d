import { InvalidRequestError } from "../errors.ts";

/** Members of a template that a caller may pick with `fields`. */
const TEMPLATE_FIELDS = new Set([
  "id",
  "name",
  "description",
  "tags",
  "default_tag",
  "builtin",
  "canonical_ref",
  "namespace_slug",
  "visibility",
]);

/** Reads a comma list of members. @throws InvalidRequestError `invalid_fields` */
export function readFields(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const fields = [...new Set(text.split(",").map((field) => field.trim()))].filter((field) => field !== "");
  const unknown = fields.filter((field) => !TEMPLATE_FIELDS.has(field));
  if (unknown.length === 0 && fields.length > 0) return fields;
  throw new InvalidRequestError(
    unknown.length > 0
      ? `fields: there is no ${unknown.join(", ")}. Choose from ${[...TEMPLATE_FIELDS].join(", ")}.`
      : "fields: name at least one member, or leave it out.",
    { code: "invalid_fields" },
  );
}

/** Only the members asked for; all when none were. */
export function pickFields<T extends object>(value: T, fields: readonly string[] | undefined): T {
  if (fields === undefined) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => fields.includes(name))) as T;
}
