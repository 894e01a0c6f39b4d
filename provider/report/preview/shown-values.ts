import type { Properties } from "../../core/properties.ts";
import { isRecord, UNKNOWN } from "../../core/unknown.ts";
import { isUnknownText } from "../../values/sentinels.ts";
import { OUTPUT, SECRET, SIGNATURE } from "../../values/wire-values.ts";

/** What stands for a secret value, in what Pulumi prints and in the report. */
export const HIDDEN = "[secret]";

/** Stands for a secret value that is another one than before. It is shown as any other. */
export const HIDDEN_ANEW = `${HIDDEN} (new)`;

/** Is the value a secret one, of which nothing is known? */
export function isHidden(value: unknown): boolean {
  return value === HIDDEN || value === HIDDEN_ANEW;
}

/**
 * Takes values apart as a preview prints them: secrets become `[secret]`, whatever else is printed of them, what is not
 * known yet becomes `UNKNOWN`.
 *
 * @param found is given every text of a secret that stands in clear
 */
export function readShown(value: unknown, found: (secret: string) => void): unknown {
  if (isUnknownText(value)) return UNKNOWN;
  if (Array.isArray(value)) return value.map((member) => readShown(member, found));
  if (!isRecord(value)) return value;
  switch (value[SIGNATURE]) {
    case undefined:
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readShown(member, found)]));
    case SECRET:
      return hide([parsed(value.plaintext), value.value], found);
    case OUTPUT:
      if (value.secret === true) return hide(value.value, found);
      return value.value === undefined ? UNKNOWN : readShown(value.value, found);
    default:
      return "(a file or a resource)";
  }
}

/** @returns what stands for the value */
export function hide(value: unknown, found: (secret: string) => void): string {
  if (typeof value === "string" && !isHidden(value) && !isUnknownText(value)) found(value);
  else if (typeof value === "object" && value !== null) for (const member of Object.values(value)) hide(member, found);
  return HIDDEN;
}

/** The properties with the values at the paths replaced, where they are there; the given ones stay as they are. */
export function replaceAt(
  properties: Properties,
  path: readonly (string | number)[],
  replace: (value: unknown) => unknown,
): Properties {
  const [key, ...rest] = path;
  if (key === undefined || !Object.hasOwn(properties, key)) return properties;
  const copy = (Array.isArray(properties) ? [...(properties as unknown[])] : { ...properties }) as Properties;
  const value = copy[key];
  if (rest.length === 0 || isHidden(value)) copy[key] = replace(value);
  else if (typeof value === "object" && value !== null) copy[key] = replaceAt(value as Properties, rest, replace);
  return copy;
}

/** Secrets are printed as JSON text. */
function parsed(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
