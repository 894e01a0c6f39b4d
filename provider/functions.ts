import { UnknownTypeError } from "./errors.ts";
import { functions } from "./generated/functions.ts";
import type { ProviderFunction } from "./core/provider-function.ts";

/**
 * A function of the provider.
 *
 * @throws UnknownTypeError when there is none of the name
 */
export function functionFor(name: string): ProviderFunction {
  const found = functions.find((each) => each.name === name);
  if (found === undefined) {
    throw new UnknownTypeError(
      name,
      functions.map((each) => each.name),
      "function",
    );
  }
  return found;
}
