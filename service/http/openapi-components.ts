import { isDeepStrictEqual } from "node:util";
import type { OpenAPIV3_1 } from "openapi-types";
import { componentOf, everySchema, referenceTo, type JsonSchema } from "./openapi-schemas.ts";

/** What the generator appends to the name of a schema as it is read from a request. */
const REQUEST_SUFFIX = "Input";

/** Names the components: those that nobody refers to go, and the suffix of requests stays only where answers differ. */
export function nameComponents(document: OpenAPIV3_1.Document): void {
  if (document.components === undefined) return;
  const components = (document.components.schemas ?? {}) as Record<string, JsonSchema>;
  const used = [...everySchema(document, "requests"), ...everySchema(document, "answers")];
  const names = new Set(used.flatMap(({ $ref }) => ($ref === undefined ? [] : [componentOf($ref)])));

  const renamed = new Map<string, string>();
  for (const name of names) {
    const plain = name.endsWith(REQUEST_SUFFIX) ? name.slice(0, -REQUEST_SUFFIX.length) : name;
    if (plain === name) continue;
    if (!names.has(plain) || isDeepStrictEqual(components[name], components[plain])) renamed.set(name, plain);
  }
  for (const schema of new Set(used)) {
    if (schema.$ref !== undefined) schema.$ref = referenceTo(nameOf(componentOf(schema.$ref)));
  }
  document.components.schemas = Object.fromEntries(
    [...names].map((name) => [nameOf(name), components[name]] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  ) as typeof document.components.schemas;

  function nameOf(name: string): string {
    return renamed.get(name) ?? name;
  }
}
