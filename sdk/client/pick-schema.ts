import type { z } from "zod";

/** What an answer with only these members must look like. */
export function pickSchema<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  fields: readonly string[] | undefined,
): z.ZodType<z.infer<z.ZodObject<Shape>>> {
  if (fields === undefined) return schema;
  const wanted = Object.keys(schema.shape).filter((name) => fields.includes(name));
  return schema.pick(Object.fromEntries(wanted.map((name) => [name, true])) as never) as never;
}
