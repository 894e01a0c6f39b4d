import { InvalidArgumentError } from "./errors.ts";
import { apply, type Refuse, type Rule } from "./rule.ts";

/**
 * Holds the arguments of a public call against their rules.
 *
 * @param call the call's name, for messages
 * @param rules by the names of the arguments, in their order
 * @param values by the same names
 */
export type Check = <Name extends string>(
  call: string,
  rules: Readonly<Record<Name, Rule>>,
  values: Readonly<Record<NoInfer<Name>, unknown>>,
) => void;

/** A check that throws the error of its floor. */
export function checkWith(errorFor: (argument: string, problem: string) => Error): Check {
  const refuse: Refuse = (argument, problem) => {
    throw errorFor(argument, problem);
  };
  return (call, rules, values) => {
    for (const [name, rule] of Object.entries<Rule>(rules)) {
      apply(rule, values[name as keyof typeof rules], `${call}: ${name}`, refuse);
    }
  };
}

/** Throws InvalidArgumentError, naming the call, the argument, and what was given in its place. */
export const check: Check = checkWith((argument, problem) => new InvalidArgumentError(argument, problem));
