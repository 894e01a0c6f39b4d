import type { OpenAPIV3_1 } from "openapi-types";

/** A JSON Schema of the document, as far as it is looked into. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
  contentSchema?: JsonSchema;
  [keyword: string]: unknown;
}

const COMPONENT = "#/components/schemas/";

/** The name of the component that a reference leads to. */
export function componentOf(reference: string): string {
  return reference.slice(COMPONENT.length);
}

/** A reference to a component. */
export function referenceTo(name: string): string {
  return COMPONENT + name;
}

/** Every schema that requests (parameters and bodies) or answers use, once each, those they refer to included. */
export function* everySchema(document: OpenAPIV3_1.Document, of: "requests" | "answers"): Generator<JsonSchema> {
  const components = (document.components?.schemas ?? {}) as Record<string, JsonSchema>;
  const seen = new Set<JsonSchema>();
  const waiting = [...rootsOf(document, of)];
  for (let schema = waiting.pop(); schema !== undefined; schema = waiting.pop()) {
    if (seen.has(schema)) continue;
    seen.add(schema);
    yield schema;
    waiting.push(...partsOf(schema));
    const target = schema.$ref === undefined ? undefined : components[componentOf(schema.$ref)];
    if (target !== undefined) waiting.push(target);
  }
}

function* rootsOf(document: OpenAPIV3_1.Document, of: "requests" | "answers"): Generator<JsonSchema> {
  for (const item of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(item ?? {}) as OpenAPIV3_1.OperationObject[]) {
      const { parameters = [], requestBody, responses = {} } = operation;
      const carriers = of === "requests" ? [requestBody] : Object.values(responses);
      if (of === "requests")
        yield* (parameters as OpenAPIV3_1.ParameterObject[]).map(({ schema }) => schema as JsonSchema);
      for (const carrier of carriers as ({ content?: Record<string, { schema?: unknown }> } | undefined)[]) {
        yield* Object.values(carrier?.content ?? {}).map(({ schema }) => schema as JsonSchema);
      }
    }
  }
}

function* partsOf(schema: JsonSchema): Generator<JsonSchema> {
  const {
    anyOf = [],
    oneOf = [],
    allOf = [],
    items,
    properties = {},
    additionalProperties,
    propertyNames,
    contentSchema,
  } = schema;
  for (const part of [
    ...anyOf,
    ...oneOf,
    ...allOf,
    items,
    ...Object.values(properties),
    additionalProperties,
    propertyNames,
    contentSchema,
  ]) {
    if (typeof part === "object") yield part;
  }
}
