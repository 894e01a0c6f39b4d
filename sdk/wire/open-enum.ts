import * as z from "zod";

/**
 * An enumeration of an answer: the known values are typed, and a value that a newer service invents is let through as a
 * string, so that an older client goes on working. Requests use `z.enum`, which refuses what it does not know.
 */
export function openEnum<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodType<Values[number] | (string & {}), Values[number] | (string & {})> {
  return z.union([z.enum(values), z.string()]) as z.ZodType<
    Values[number] | (string & {}),
    Values[number] | (string & {})
  >;
}
