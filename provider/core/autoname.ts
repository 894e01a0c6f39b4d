import { createHash } from "node:crypto";
import type { z } from "zod";
import type { CheckResult, Properties } from "./properties.ts";

/** How a resource that the program gives no name gets one: Pulumi's automatic naming, with the user's settings. */
export interface Naming {
  /** Name of the resource in the program. */
  readonly resource: string;
  /**
   * - `propose`: what is proposed, or something like it
   * - `enforce`: what is proposed, as it is
   * - `disable`: the program must give a name
   */
  readonly mode: "propose" | "enforce" | "disable";
  /** Made by the settings; absent where there are none. */
  readonly proposed?: string;
  /** What the random part of a name is taken from: the same seed gives the same name. */
  readonly seed: string | Uint8Array;
}

const RANDOM_DIGITS = 7;
/** Leaves room for the random part in the shortest of the grammars. */
const MOST_OF_NAME = 100;

/**
 * Fills in the input `name` when the program does not give it: the one that the resource has already, or a new one.
 *
 * @param olds inputs of the last update, if there was one
 */
export function fillName(
  { inputs, failures }: CheckResult,
  { schema, olds }: { schema: z.ZodType; olds: Properties | undefined },
  naming: Naming | undefined,
): void {
  if (inputs.name !== undefined || failures.some(({ property }) => property === "name")) return;
  if (typeof olds?.name === "string") {
    inputs.name = olds.name;
    return;
  }
  const refuse = (reason: string) => void failures.push({ property: "name", reason });
  if (naming === undefined) return refuse("give a name");
  if (naming.mode === "disable") {
    return refuse("give a name: automatic names are switched off by the setting pulumi:autonaming");
  }
  const wanted = naming.proposed ?? `${naming.resource.slice(0, MOST_OF_NAME)}-${randomDigits(naming.seed)}`;
  const name = naming.mode === "enforce" || schema.safeParse(wanted).success ? wanted : toWord(wanted);
  const parsed = schema.safeParse(name);
  if (parsed.success) inputs.name = name;
  else
    refuse(
      `the automatic name "${name}" cannot be used: it ${parsed.error.issues[0]!.message}. Give a name, or change pulumi:autonaming`,
    );
}

/** Hex digits that look random and are the same for the same seed. */
function randomDigits(seed: string | Uint8Array): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, RANDOM_DIGITS);
}

/** The text as a name that every grammar of the service takes: lower-case letters, digits and dashes. */
export function toWord(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "");
}
