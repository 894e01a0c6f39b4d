import type { z } from "zod";
import { isSecretSchema, secretsIn, SHORTEST_MASKED, textsIn } from "../../sdk/secrets/index.ts";
import type { Controller } from "../core/controller.ts";
import type { Properties } from "../core/properties.ts";
import type { PropertyPath } from "../core/property-path.ts";
import { isRecord } from "../core/unknown.ts";

/**
 * The texts in a property bag that are secret: those that the schemas know, and those that the program marked. Texts that
 * are too short to be looked for are left out.
 */
export function secretTexts(
  { inputs, outputs }: Pick<Controller, "inputs" | "outputs">,
  { values, marked }: { values: Properties; marked: readonly PropertyPath[] },
): Set<string> {
  const found = [inputs, outputs].flatMap((schema) => [...secretsIn(schema, values)]);
  const properties = { ...inputs.shape, ...outputs.shape } as Record<string, z.ZodType>;
  for (const path of marked) {
    // Of a property that is kept secret as a whole, whatever it holds, the schema knows which members must not be shown.
    const property = path.length === 1 ? properties[String(path[0])] : undefined;
    if (property !== undefined && isSecretSchema(property)) continue;
    found.push(...textsIn(valueAt(values, path)));
  }
  return new Set(found.map(({ value }) => value).filter(({ length }) => length >= SHORTEST_MASKED));
}

function valueAt(values: unknown, path: PropertyPath): unknown {
  return path.reduce<unknown>((value, step) => {
    if (isRecord(value)) return Object.hasOwn(value, step) ? value[step] : undefined;
    return Array.isArray(value) && typeof step === "number" ? (value as unknown[])[step] : undefined;
  }, values);
}
