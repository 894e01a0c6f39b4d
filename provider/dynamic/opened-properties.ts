import type { Redactor } from "../../sdk/secrets/index.ts";
import type { Controller } from "../core/controller.ts";
import type { Properties } from "../core/properties.ts";
import { formatPropertyPath, liesIn, parsePropertyPath, type PropertyPath } from "../core/property-path.ts";
import { secretProperties } from "../core/secret-properties.ts";
import { secretTexts } from "../values/secret-inputs.ts";
import { revealUnknowns } from "../values/sentinels.ts";
import { encodeProperties, joinSecrets } from "../values/wire-values.ts";
import { CARRIED, pickCarried, withoutCarried } from "./carried-inputs.ts";

/** A property bag of the engine, taken apart. */
export interface OpenedProperties {
  /** The resource's own properties. */
  values: Properties;
  /** What goes through every answer beside them. */
  carried: Properties;
  /** Places that the program has marked as secret. */
  marked: readonly PropertyPath[];
  /** Texts that are secret, wherever they are. */
  texts: ReadonlySet<string>;
}

/**
 * Takes a bag apart, and remembers what is secret in it: the engine marks nothing here, the classes have told the places.
 *
 * @param more places of secrets that no class has told
 */
export function openProperties(
  secrets: Redactor,
  controller: Controller,
  properties: Properties,
  more: readonly PropertyPath[] = [],
): OpenedProperties {
  const values = withoutCarried(revealUnknowns(properties) as Properties);
  const paths = properties[CARRIED.secrets];
  const told = Array.isArray(paths) ? paths.filter((path) => typeof path === "string").map(parsePropertyPath) : [];
  // What is secret as the program marks it is no text that it gives in clear.
  const marked = [...told, ...more.filter((path) => !liesIn(path, told))];
  const texts = secretTexts(controller, { values, marked });
  secrets.add(texts);
  return { values, carried: pickCarried(properties), marked, texts };
}

/**
 * An answer to the engine. It is marked here what is secret in it, by the places of all bags and by their texts: left to
 * itself, the engine marks only what is still secret in the new inputs, and what an update that fails keeps of the old
 * ones would stand in the state in clear.
 *
 * @param bags of the request, the newest first
 */
export function toWire(
  controller: Controller,
  properties: Properties,
  ...bags: readonly OpenedProperties[]
): Properties {
  const places = new Set(bags.flatMap(({ marked }) => marked.map((path) => JSON.stringify(path))));
  const texts = new Set(bags.flatMap((bag) => [...bag.texts]));
  const paths = [...new Set(bags.flatMap(({ marked }) => marked.map(formatPropertyPath)))].sort();
  return {
    ...encodeProperties(properties, joinSecrets(secretProperties(controller), places), texts),
    ...bags[0]?.carried,
    ...(paths.length === 0 ? {} : { [CARRIED.secrets]: paths }),
  };
}
