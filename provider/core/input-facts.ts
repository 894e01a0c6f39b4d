import type { z } from "zod";
import type { ChangeEffect, PropertyTable } from "./property-diff.ts";

declare module "zod" {
  /** What the schema of an input says of it beside its type. */
  interface GlobalMeta {
    /** What a change of it leads to. Every input has one. */
    effect?: ChangeEffect;
    /** Of a list: order and repetition do not matter. */
    set?: boolean;
    /** Neither shown nor stored in clear. */
    secret?: boolean;
    /** Check fills it in when the program does not give it, so that it is always there as an output. */
    computed?: boolean;
    /** Part of the resource's ID. */
    identity?: boolean;
    /** Holds the user's own words, which may be anything, a secret too: variables, commands, notes. */
    freeText?: boolean;
    /** What it was called in an older version, whose states still have it. */
    formerName?: string;
    /** Of a choice: what each of its values means, for the package schema. */
    meanings?: Readonly<Record<string, string>>;
  }
}

/** What an input was called in an older version, if it has another name now. */
export function formerNameOf(schema: z.ZodType): string | undefined {
  return schema.meta()?.formerName;
}

/** Is the input part of the resource's ID? */
export function isIdentity(schema: z.ZodType | undefined): boolean {
  return schema?.meta()?.identity === true;
}

/** Does the input hold the user's own words? */
export function isFreeText(schema: z.ZodType | undefined): boolean {
  return schema?.meta()?.freeText === true;
}

const tables = new WeakMap<z.ZodObject, PropertyTable>();

/** What a change of each input leads to, as the schema says. */
export function effectsOf(inputs: z.ZodObject): PropertyTable {
  let table = tables.get(inputs);
  if (table === undefined) tables.set(inputs, (table = readEffects(inputs)));
  return table;
}

function readEffects(inputs: z.ZodObject): PropertyTable {
  return Object.fromEntries(
    Object.entries(inputs.shape).map(([name, schema]) => {
      const { effect, set = false } = (schema as z.ZodType).meta() ?? {};
      if (effect === undefined) throw new Error(`the schema of the input ${name} does not say what a change leads to`);
      return [name, { effect, set }];
    }),
  );
}
