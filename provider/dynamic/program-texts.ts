import type { z } from "zod";
import { SHORTEST_MASKED, textsIn, type FoundSecret } from "../../sdk/secrets/index.ts";
import type { Controller } from "../core/controller.ts";
import { isFreeText } from "../core/input-facts.ts";
import type { Properties } from "../core/properties.ts";
import { liesIn, type PropertyPath } from "../core/property-path.ts";
import { CARRIED, GIVEN } from "./carried-inputs.ts";
import { textDigest } from "./text-digest.ts";
import type { OpenedProperties } from "./opened-properties.ts";

/** Members that only say of which kind an object is. */
const KINDS: readonly (string | number | undefined)[] = ["kind", "type"];

/**
 * Tells the texts that a program gives from those that a transform adds. A class says which of its arguments are secret;
 * what transforms make of them after that, the engine passes on to a dynamic provider in clear, without a word on what is
 * secret. So a free text that the program does not give counts as one.
 */
export class ProgramTexts {
  /** Texts of each resource that are known to be no secrets. */
  readonly #plain = new Set<string>();

  /**
   * Places of the free texts that come from somewhere else.
   *
   * @param properties the bag as the engine sends it to Check; one of another method has no digests, and nothing is found
   * @param last what the state has: what `ignoreChanges` keeps of it is as plain as it was
   */
  addedBehind(controller: Controller, properties: Properties, last?: OpenedProperties): PropertyPath[] {
    const given = properties[GIVEN];
    if (!Array.isArray(given)) return [];
    const owner = String(properties[CARRIED.mark]);
    for (const digest of given) this.#plain.add(`${owner} ${digest}`);
    for (const { path, value } of last === undefined ? [] : plainTexts(controller, last)) {
      this.#plain.add(`${owner} ${textDigest(path, value)}`);
    }
    return freeTexts(controller, properties)
      .filter(({ path, value }) => !this.#plain.has(`${owner} ${textDigest(path, value)}`))
      .map(({ path }) => path);
  }
}

/** Free texts of the state that are no secrets there. */
function plainTexts(controller: Controller, { values, marked }: OpenedProperties): FoundSecret[] {
  return freeTexts(controller, values).filter(({ path }) => !liesIn(path, marked));
}

function freeTexts({ inputs }: Controller, properties: Properties): FoundSecret[] {
  const shape = inputs.shape as Record<string, z.ZodType>;
  return Object.entries(properties)
    .filter(([name]) => isFreeText(shape[name]))
    .flatMap(([name, value]) => [...textsIn(value, [name])])
    .filter(({ path, value }) => value.length >= SHORTEST_MASKED && !KINDS.includes(path.at(-1)));
}
