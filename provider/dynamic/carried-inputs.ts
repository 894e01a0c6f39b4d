/**
 * Inputs of a dynamic resource that are no inputs of its controller. They go through every answer unchanged, so that they
 * are in the state when the next method needs them. The engine shows none that begin with two underscores.
 */
export const CARRIED = {
  /** The text by which the engine finds the methods again. */
  provider: "__provider",
  /** The resource's mark: see `markOf`. */
  mark: "__mark",
  /** How the resource is named if the program does not name it. */
  naming: "__naming",
  /** Paths of the inputs that the program marks as secret, never their values. */
  secrets: "__secrets",
} as const;

/** Digests of the texts that the program gives: see `ArgumentFacts`. Check reads them, and they go no further. */
export const GIVEN = "__given";

/** Outputs of other resources that the program passes as they are: see `PassedOutputs`. Check reads them, and they go no further. */
export const PASSED = "__passed";

const NAMES: readonly string[] = Object.values(CARRIED);

/** The carried members of a property bag, those that it has. */
export function pickCarried(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => NAMES.includes(name) && value !== undefined),
  );
}

/** A property bag without its carried members. */
export function withoutCarried(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).filter(([name]) => !NAMES.includes(name) && name !== GIVEN && name !== PASSED),
  );
}
