import type { OpenAPIV3_1 } from "openapi-types";
import { everySchema, type JsonSchema } from "./openapi-schemas.ts";

/** Marks an object whose answers hold members beyond those that its schema lists. */
export const OPEN_MARK = "x-open";

/**
 * Narrows the schemas of answers to what this service sends. They are a tolerant reader's, which lets pass what another
 * service, or a later one, may send: unknown members, unknown values of an enumeration, `null` for what is absent.
 */
export function narrowAnswers(document: OpenAPIV3_1.Document): void {
  for (const schema of everySchema(document, "answers")) {
    closeEnumeration(schema);
    closeObject(schema);
  }
}

/** `anyOf: [enum of strings, any string]` becomes the enumeration. */
function closeEnumeration(schema: JsonSchema): void {
  const [known, any, ...more] = schema.anyOf ?? [];
  if (
    known?.enum === undefined ||
    any?.type !== "string" ||
    any.enum !== undefined ||
    more.some(({ type }) => type !== "null")
  ) {
    return;
  }
  delete schema.anyOf;
  Object.assign(schema, known);
}

function closeObject(schema: JsonSchema): void {
  if (schema.properties === undefined) return;
  if (schema[OPEN_MARK] === undefined) schema.additionalProperties = false;
  for (const [name, member] of Object.entries(schema.properties)) {
    if (schema.required?.includes(name) !== true) schema.properties[name] = withoutNull(member);
  }
}

function withoutNull(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (Array.isArray(rest.type)) {
    const types = rest.type.filter((type) => type !== "null");
    return { ...schema, type: types.length === 1 ? (types[0] as string) : types };
  }
  const left = anyOf?.filter(({ type }) => type !== "null");
  if (left === undefined || left.length === anyOf?.length) return schema;
  return left.length === 1 ? { ...left[0], ...rest } : { ...rest, anyOf: left };
}
