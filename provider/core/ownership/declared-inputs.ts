import type { Properties } from "../properties.ts";
import type { Mark } from "./mark.ts";

/** More resources than this in one run are not remembered: a stack of that size has other troubles. */
const MOST_REMEMBERED = 100_000;

/**
 * What the program of this run asks for, resource by resource, as Check saw it. A resource that is replaced is deleted
 * after its successor was made, under the same URN: what the successor has taken over must not be deleted with it. The
 * same goes for a delete that an interrupted run left to this one.
 */
export class DeclaredInputs {
  readonly #inputs = new Map<Mark, Properties>();
  readonly #said = new Set<string>();

  /** Remembers the checked inputs of a resource that the program declares. */
  note(mark: Mark, inputs: Properties): void {
    if (this.#inputs.size < MOST_REMEMBERED || this.#inputs.has(mark)) this.#inputs.set(mark, inputs);
  }

  /** Is it the first time in this run that this is asked of the resource? For what is to be said once. */
  isFirst(mark: Mark, what: string): boolean {
    const key = `${mark} ${what}`;
    if (this.#said.has(key) || this.#said.size >= MOST_REMEMBERED) return false;
    this.#said.add(key);
    return true;
  }

  /** Does the program give inputs like these to some resource? */
  some(isWanted: (inputs: Properties) => boolean): boolean {
    return [...this.#inputs.values()].some(isWanted);
  }

  /** The other resources of the program that it gives inputs like these to. */
  others(mark: Mark, isWanted: (inputs: Properties) => boolean): { mark: Mark; inputs: Properties }[] {
    return [...this.#inputs].flatMap(([other, inputs]) =>
      other !== mark && isWanted(inputs) ? [{ mark: other, inputs }] : [],
    );
  }

  /** The inputs that the program gives to the resource in this run; undefined when it does not declare it (any more). */
  of(mark: Mark): Properties | undefined {
    return this.#inputs.get(mark);
  }
}
