import fc from "fast-check";
import type { z } from "zod";

/** A value as the engine sends it. */
export type Wire = unknown;

export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** What may stand in the place of a value, at any depth. */
export interface Marks {
  unknowns?: boolean;
  secrets?: boolean;
  nulls?: boolean;
}

/** Texts that fit the grammars of names, tags, references and ids; each schema takes those that it accepts. */
const TEXTS = [
  "web",
  "api",
  "local/web",
  "local/web:stable",
  "stable",
  "v1.2",
  "tb_1",
  "tb_2",
  "/",
  "/ready",
  "a b",
  "é",
  "docker-image://python:3.12-slim",
];
/** Names of members that JavaScript objects have by themselves among them. */
const KEYS = ["A", "B", "a b.py", "constructor", "toString", "hasOwnProperty", "x/y"];

interface Definition {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  options?: readonly z.ZodType[];
  values?: readonly string[];
  entries?: Record<string, string>;
}

/** Inputs that the schema accepts, in the engine's form, some of their values marked at any depth. */
export function arbitraryInputs(
  schema: z.ZodObject,
  marks: Marks = {},
  fixed: Record<string, fc.Arbitrary<Wire>> = {},
): fc.Arbitrary<Record<string, Wire>> {
  const members = Object.entries(schema.shape).map(
    ([key, member]) => [key, fixed[key] ?? arbitraryValue(member as z.ZodType, marks)] as const,
  );
  return fc.record(Object.fromEntries(members)).map(withoutAbsent);
}

/** Values that the schema accepts, `undefined` for one that may be absent. */
export function arbitraryValue(schema: z.ZodType, marks: Marks): fc.Arbitrary<Wire> {
  const plain = plainValue(schema, marks);
  const marked: fc.WeightedArbitrary<Wire>[] = [{ weight: 12, arbitrary: plain }];
  if (marks.unknowns) marked.push({ weight: 1, arbitrary: fc.constant(UNKNOWN_TEXT) });
  if (marks.nulls) marked.push({ weight: 1, arbitrary: fc.constant(null) });
  if (marks.secrets) marked.push({ weight: 1, arbitrary: plain.map(asSecret) });
  return fc.oneof(...marked);
}

function plainValue(schema: z.ZodType, marks: Marks): fc.Arbitrary<Wire> {
  const { type, innerType, element, keyType, valueType, options, values, entries } =
    schema.def as unknown as Definition;
  switch (type) {
    case "optional":
    case "default":
      return fc.option(plainValue(innerType!, marks), { nil: undefined, freq: 2 });
    case "string":
      return fc.oneof(fc.constantFrom(...TEXTS), fc.string()).filter((text) => schema.safeParse(text).success);
    case "number":
      return fc.oneof(fc.integer({ min: 0, max: 5 }), fc.nat()).filter((value) => schema.safeParse(value).success);
    case "boolean":
      return fc.boolean();
    case "enum":
      return fc.constantFrom(...Object.values(entries!));
    case "literal":
      return fc.constantFrom(...values!);
    case "array":
      return fc
        .array(arbitraryValue(element!, marks), { maxLength: 4 })
        .filter((list) => list.length > 0 || schema.safeParse(list).success);
    case "record":
      return fc
        .uniqueArray(fc.constantFrom(...KEYS.filter((key) => keyType!.safeParse(key).success)), { maxLength: 3 })
        .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, arbitraryValue(valueType!, marks)]))))
        .map(withoutAbsent);
    case "object":
      return arbitraryInputs(schema as z.ZodObject, marks);
    case "union":
      return fc.oneof(...options!.map((option) => plainValue(option, marks)));
    case "unknown":
      return fc
        .jsonValue({ maxDepth: 2 })
        .filter((value) => value !== null && !JSON.stringify(value).includes("__proto__"));
    default:
      throw new Error(`no values are made for a schema of type ${type}`);
  }
}

/** Without what marks the secrets, as a shell that takes none is sent it. */
export function withoutSecrets(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ((value as Record<string, Wire>)[SIGNATURE] === SECRET) return withoutSecrets((value as { value: Wire }).value);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutSecrets(member)]));
}

function asSecret(value: Wire): Wire {
  return value === undefined ? undefined : { [SIGNATURE]: SECRET, value };
}

function withoutAbsent(members: Record<string, Wire>): Record<string, Wire> {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined));
}
