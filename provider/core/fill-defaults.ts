import type { z } from "zod";
import { isRecord, UNKNOWN } from "./unknown.ts";

/** The parts of zod's own description of a schema that are read here. */
interface Definition {
  type: string;
  innerType?: z.ZodType;
  defaultValue?: unknown;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  valueType?: z.ZodType;
  options?: readonly z.ZodType[];
  discriminator?: string;
}

/**
 * The value with the defaults of the schema filled in, at every depth. Unlike parsing it takes values that the schema
 * refuses: unknown in part, or of another version. What does not fit is left as it is.
 */
export function fillDefaults(schema: z.ZodType, value: unknown): unknown {
  const definition = schema.def as unknown as Definition;
  const { type, innerType, shape, element, valueType } = definition;
  const isAbsent = value === undefined || value === null;
  if (value === UNKNOWN) return value;
  if (type === "default" && isAbsent) return definition.defaultValue;
  if (innerType !== undefined) return isAbsent ? value : fillDefaults(innerType, value);
  if (element !== undefined && Array.isArray(value)) return value.map((member) => fillDefaults(element, member));
  if (!isRecord(value)) return value;
  if (shape !== undefined) return fillMembers(shape, value);
  if (valueType !== undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fillDefaults(valueType, member)]));
  }
  const branch = branchOf(definition, value);
  return branch === undefined ? value : fillDefaults(branch, value);
}

function fillMembers(shape: Record<string, z.ZodType>, value: Record<string, unknown>): Record<string, unknown> {
  const filled = { ...value };
  for (const [key, member] of Object.entries(shape)) {
    const completed = fillDefaults(member, Object.hasOwn(filled, key) ? filled[key] : undefined);
    if (completed !== undefined) filled[key] = completed;
  }
  return filled;
}

/** The branch of a discriminated union that the value is of, if it says so. */
function branchOf({ options, discriminator }: Definition, value: Record<string, unknown>): z.ZodType | undefined {
  if (options === undefined || discriminator === undefined) return undefined;
  return options.find((option) => {
    const { shape } = option.def as unknown as Definition;
    return shape?.[discriminator]?.safeParse(value[discriminator]).success === true;
  });
}
