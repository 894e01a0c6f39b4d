import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { fillDefaults } from "../../core/fill-defaults.ts";
import type { Properties } from "../../core/properties.ts";
import { isRecord } from "../../core/unknown.ts";

/** The inputs as a person would write them: what the schema fills in by itself is left out, in objects of inputs too. */
export function withoutDefaults(schema: z.ZodObject, inputs: Properties): Properties {
  const lean = withoutFilled(schema, inputs);
  for (const [key, value] of Object.entries(lean)) {
    const member = schema.shape[key] as z.ZodType | undefined;
    if (member !== undefined && isRecord(value)) lean[key] = withoutFilled(member, value);
  }
  return lean;
}

function withoutFilled(schema: z.ZodType, value: Properties): Properties {
  const whole = fillDefaults(schema, value);
  let lean = { ...value };
  for (const key of Object.keys(value)) {
    const { [key]: _left, ...rest } = lean;
    if (isDeepStrictEqual(fillDefaults(schema, rest), whole)) lean = rest;
  }
  return lean;
}
