import type { z } from "zod";
import type { Schema } from "../schema.ts";

/** Steps from a value to a part of it. */
export type SecretPath = readonly (string | number)[];

/** One secret in a value: where it is, and what it is. */
export interface FoundSecret {
  path: SecretPath;
  value: string;
}

/** The parts of a zod schema that the walk needs; zod itself is not loaded for it. */
interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  items?: readonly z.ZodType[];
  valueType?: z.ZodType;
  catchall?: z.ZodType;
  options?: readonly z.ZodType[];
  innerType?: z.ZodType;
  in?: z.ZodType;
  getter?: () => z.ZodType;
}

/**
 * Texts of a value that its schema says are secret: those of members with the metadata `secret: true`. Where a marked
 * member has marked members of its own, it is those: of a login that is kept secret as a whole, the user's name may show
 * in a message. The value need not fit the schema: what is not where it should be is passed over.
 *
 * @example
 * ```ts
 * import * as z from "zod";
 *
 * const Login = z.object({ user: z.string(), password: z.string().meta({ secret: true }) });
 * [...secretsIn(Login, { user: "me", password: "hunter2" })]; // [{ path: ["password"], value: "hunter2" }]
 * ```
 */
export function* secretsIn(schema: Schema<unknown>, value: unknown): Generator<FoundSecret> {
  const seen = new Set<string>();
  for (const found of walk(schema as z.ZodType, value, [])) {
    // Several options of a union may know the same member.
    const place = JSON.stringify(found.path);
    if (!seen.has(place)) yield found;
    seen.add(place);
  }
}

/**
 * Every text in a value.
 *
 * @example
 * ```ts
 * [...textsIn({ user: "ann", keys: ["hunter2"] })].map(({ value }) => value); // ["ann", "hunter2"]
 * ```
 */
export function* textsIn(value: unknown, path: SecretPath = []): Generator<FoundSecret> {
  if (typeof value === "string") yield { path, value };
  else if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* textsIn(one, [...path, index]);
  else if (isRecord(value)) for (const [key, one] of Object.entries(value)) yield* textsIn(one, [...path, key]);
}

/**
 * Is the schema, or what it wraps, marked as secret?
 *
 * @example
 * ```ts
 * import * as z from "zod";
 *
 * isSecretSchema(z.string().meta({ secret: true }).optional()); // true
 * ```
 */
export function isSecretSchema(schema: Schema<unknown>): boolean {
  const own = schema as z.ZodType;
  if (own.meta()?.secret === true) return true;
  const inner = wrapped(definitionOf(own));
  return inner !== undefined && isSecretSchema(inner);
}

function* walk(schema: z.ZodType, value: unknown, path: SecretPath): Generator<FoundSecret> {
  if (value === undefined || value === null) return;
  if (schema.meta()?.secret === true && !hasSecretMembers(schema)) {
    // The text that a union's other option may be is not all there is of an object.
    if (definitionOf(schema).type !== "string" || typeof value === "string") yield* textsIn(value, path);
    return;
  }
  const definition = definitionOf(schema);
  const inner = wrapped(definition);
  if (inner !== undefined) yield* walk(inner, value, path);
  // Whichever option the value is of: a secret of another one is not in it under that name, or is as secret.
  for (const option of definition.options ?? []) yield* walk(option, value, path);
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) {
      const element = definition.element ?? definition.items?.[index];
      if (element !== undefined) yield* walk(element, one, [...path, index]);
    }
  } else if (isRecord(value)) {
    for (const [key, one] of Object.entries(value)) {
      const shape = definition.shape ?? {};
      const member = Object.hasOwn(shape, key) ? shape[key] : (definition.valueType ?? definition.catchall);
      if (member !== undefined) yield* walk(member, one, [...path, key]);
    }
  }
}

/** Is anything below the schema marked as secret? */
function hasSecretMembers(schema: z.ZodType, visited = new Set<z.ZodType>()): boolean {
  const definition = definitionOf(schema);
  const { shape = {}, element, items = [], valueType, catchall, options = [] } = definition;
  const below = [wrapped(definition), ...Object.values(shape), element, ...items, valueType, catchall, ...options];
  return below.some((one) => {
    if (one === undefined || visited.has(one)) return false;
    visited.add(one);
    return one.meta()?.secret === true || hasSecretMembers(one, visited);
  });
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** What an optional, a default, a pipe or a lazy schema is about. */
function wrapped({ innerType, in: input, getter }: Definition): z.ZodType | undefined {
  return innerType ?? input ?? getter?.();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
