import type { z } from "zod";
import { isSecretSchema, secretsIn, textsIn, type SecretStore } from "../../sdk/secrets/index.ts";
import type { Controller, Properties } from "../core/controller.ts";
import type { PropertyPath } from "../core/property-path.ts";
import { isRecord } from "../core/unknown.ts";

/** Remembers the secrets of a property bag: those that the schemas know, and those that the program marked. */
export function noteSecrets(
  store: SecretStore,
  { inputs, outputs }: Pick<Controller, "inputs" | "outputs">,
  { values, marked }: { values: Properties; marked: readonly PropertyPath[] },
): void {
  for (const schema of [inputs, outputs]) store.add([...secretsIn(schema, values)].map(({ value }) => value));
  const properties = { ...inputs.shape, ...outputs.shape } as Record<string, z.ZodType>;
  for (const path of marked) {
    // Of a property that is kept secret as a whole, whatever it holds, the schema knows which members must not be shown.
    const property = path.length === 1 ? properties[String(path[0])] : undefined;
    if (property !== undefined && isSecretSchema(property)) continue;
    store.add([...textsIn(valueAt(values, path))].map(({ value }) => value));
  }
}

function valueAt(values: unknown, path: PropertyPath): unknown {
  return path.reduce<unknown>((value, step) => {
    if (isRecord(value)) return Object.hasOwn(value, step) ? value[step] : undefined;
    return Array.isArray(value) && typeof step === "number" ? (value as unknown[])[step] : undefined;
  }, values);
}
