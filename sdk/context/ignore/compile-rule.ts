import { InvalidIgnorePatternError } from "../errors.ts";
import type { IgnoreRule } from "./rule.ts";

/** A pattern that its syntax does not allow; the message says how. Reading the file turns it into an error with a line. */
export class MalformedPatternError extends Error {}

/** The rules that patterns given as an option stand for. */
export function optionRules(patterns: readonly string[]): IgnoreRule[] {
  return patterns.map((pattern, index) => ({ pattern, line: index + 1 }));
}

/** Compiles a rule. @throws InvalidIgnorePatternError naming its file and line */
export function compileRule<T>(rule: IgnoreRule, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof MalformedPatternError)) throw error;
    throw new InvalidIgnorePatternError(rule, error.message);
  }
}
