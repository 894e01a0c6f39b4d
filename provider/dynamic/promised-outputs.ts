import type { Mark } from "../core/ownership/mark.ts";
import type { Properties } from "../core/properties.ts";
import { isRecord, UNKNOWN } from "../core/unknown.ts";
import type { PassedOutputs } from "./passed-outputs.ts";

/** More resources than this in one run are not remembered: a preview then shows more than will happen. */
const MOST_REMEMBERED = 100_000;

/**
 * What is certain of the outputs of resources that will be updated. Pulumi asks no dynamic provider for it: in a preview all of
 * them are unknown, and everything that they are passed to is compared with something unknown. The process that compares one
 * resource has compared the other before.
 */
export class PromisedOutputs {
  readonly #passed = new Map<Mark, PassedOutputs>();
  readonly #promised = new Map<Mark, Properties>();

  /** Remembers what the program passes to a resource. @param passed as Check was given it */
  notePassed(mark: Mark, passed: unknown): void {
    if (isPassed(passed)) remember(this.#passed, mark, passed);
    else this.#passed.delete(mark);
  }

  /** Remembers what an update of a resource is certain to make; undefined: nothing is, as it is made anew. */
  notePromise(mark: Mark, outputs: Properties | undefined): void {
    if (outputs === undefined) this.#promised.delete(mark);
    else remember(this.#promised, mark, outputs);
  }

  /** The inputs of a resource, with what they are certain to be for what is unknown. */
  settle(mark: Mark, inputs: Properties): Properties {
    const passed = this.#passed.get(mark) ?? {};
    const settled = Object.entries(passed).flatMap(([input, [owner, output]]) => {
      const promised = inputs[input] === UNKNOWN ? this.#promised.get(owner)?.[output] : undefined;
      return promised === undefined ? [] : [[input, promised] as const];
    });
    return settled.length === 0 ? inputs : { ...inputs, ...Object.fromEntries(settled) };
  }
}

function remember<Value>(map: Map<Mark, Value>, mark: Mark, value: Value): void {
  if (map.size < MOST_REMEMBERED || map.has(mark)) map.set(mark, value);
}

function isPassed(value: unknown): value is PassedOutputs {
  if (!isRecord(value)) return false;
  return Object.values(value).every(
    (each) => Array.isArray(each) && each.length === 2 && each.every((part) => typeof part === "string"),
  );
}
