import type { z } from "zod";
import { isSecretSchema, type Redactor } from "../../sdk/secrets/index.ts";
import type { Controller } from "../core/controller.ts";
import type { CheckFailure, Properties } from "../core/properties.ts";
import { parsePropertyPath, type PropertyPath } from "../core/property-path.ts";

/** A reason may quote a part of a value, which nobody can find in it any more. */
const UNTOLD = "the value is not valid. It is marked as secret, so the message does not say what is wrong with it";

/**
 * What Check found, as it may be shown. The engine prints the value of the property that a failure names, whatever is in it:
 * so the path goes into the words, unless it is that of an input of one line that nobody calls secret. A failure of the
 * resource as a whole quotes no input.
 *
 * @param news inputs as the program gives them
 * @param marked places that the program marks as secret
 */
export function shownFailures(
  { inputs }: Pick<Controller, "inputs">,
  failures: readonly CheckFailure[],
  { news, marked, secrets }: { news: Properties; marked: readonly PropertyPath[]; secrets: Redactor },
): CheckFailure[] {
  const schemas = inputs.shape as Record<string, z.ZodType>;
  const mayShow = (property: string) => {
    const schema = Object.hasOwn(schemas, property) ? schemas[property] : undefined;
    const isPlain = ["string", "number", "boolean", "undefined"].includes(typeof news[property]);
    return schema !== undefined && isPlain && !isSecretSchema(schema) && !marked.some(([key]) => key === property);
  };
  return failures.map(({ property, reason }) => {
    if (property === "") return { property, reason: secrets.text(reason) };
    const shown = isMarked(property, marked) ? UNTOLD : secrets.text(reason);
    if (mayShow(property)) return { property, reason: shown };
    return { property: "", reason: `${property}: ${shown}` };
  });
}

/** Is the failing value, something in it, or what it is in, marked as secret? */
function isMarked(property: string, marked: readonly PropertyPath[]): boolean {
  const path = parsePropertyPath(property);
  return marked.some((place) => place.slice(0, path.length).every((step, index) => step === path[index]));
}
