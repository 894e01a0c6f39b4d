import { originOf } from "../classes/output-origin.ts";
import type { Mark } from "../core/ownership/mark.ts";
import { CARRIED } from "./carried-inputs.ts";

/** The outputs that a program passes to a resource as they are, by the input: whose each is, and which one. */
export type PassedOutputs = Readonly<Record<string, readonly [owner: Mark, output: string]>>;

/**
 * The arguments of a resource that are outputs of other dynamic resources of this package, unchanged: `buildId: web.buildId`.
 * What is made of one (`web.buildId.apply(...)`) is not among them.
 *
 * @returns undefined where there are none
 */
export function passedOutputs(args: object): Promise<PassedOutputs> | undefined {
  const passed = Object.entries(args).flatMap(([input, value]) => {
    const { registered, output } = originOf(value) ?? {};
    const owner = registered?.[CARRIED.mark] as Promise<Mark> | undefined;
    return owner === undefined || output === undefined ? [] : [{ input, owner, output }];
  });
  if (passed.length === 0) return undefined;
  return Promise.all(passed.map(async ({ input, owner, output }) => [input, [await owner, output]] as const)).then(
    (entries) => Object.fromEntries(entries),
  );
}
