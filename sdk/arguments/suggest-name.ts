import { check } from "./check.ts";
import { nearestName } from "./nearest-name.ts";
import { anyText, listOf } from "./rule.ts";

/**
 * The known name that a misspelt one most likely means: at most a third of its letters are wrong, whatever their case.
 *
 * @param name as it was written
 * @param known the names that there are
 * @returns undefined when none is near
 * @throws InvalidArgumentError
 * @example
 * ```ts
 * console.log(suggestName("dockerfil", ["context", "dockerfile"])); // dockerfile
 * ```
 */
export function suggestName(name: string, known: readonly string[]): string | undefined {
  check("suggestName", { name: anyText, known: listOf(anyText, "texts") }, { name, known });
  return nearestName(name, known);
}
