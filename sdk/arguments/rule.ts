import { nearestName } from "./nearest-name.ts";
import { show, showKind } from "./show.ts";

/** Says what is wrong with an argument; throws. */
export type Refuse = (argument: string, problem: string) => never;

/**
 * What an argument must be. A rule looks at values as JavaScript gives them, where types promise nothing. These are not zod
 * schemas: they run in every program that imports the SDK, and loading zod takes longer than loading all of the SDK.
 */
export interface Rule {
  /** Completes "must be …". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  /** Looks into a value that was accepted. */
  readonly look?: (value: never, argument: string, refuse: Refuse) => void;
  /** The value is never repeated in a message. */
  readonly isSecret?: boolean;
  /** An object must have it. */
  readonly isRequired?: boolean;
}

/** A text with something in it. */
export const text: Rule = {
  expected: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value.trim() !== "",
};

/** A text, which may be empty. */
export const anyText: Rule = { expected: "a text", accepts: (value) => typeof value === "string" };

/** A text that no message repeats. */
export const secretText: Rule = { ...anyText, isSecret: true };

export const flag: Rule = { expected: "true or false", accepts: (value) => typeof value === "boolean" };

export const callback: Rule = { expected: "a function", accepts: (value) => typeof value === "function" };

/** Any object, whatever is in it: what the service or the engine checks itself. */
export const object: Rule = { expected: "an object", accepts: isObject };

/** Whatever it is, it is right. */
export const anything: Rule = { expected: "anything", accepts: () => true };

export const signal: Rule = {
  expected: "an AbortSignal",
  accepts: (value) => isObject(value) && "aborted" in value && typeof value.addEventListener === "function",
};

/** A stream of Node, or anything that gives bytes by `for await`. */
export const stream: Rule = {
  expected: "a stream",
  accepts: (value) => isObject(value) && (Symbol.asyncIterator in value || typeof value.pipe === "function"),
};

/** A whole number within bounds. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Rule {
  return {
    expected: `a whole number, ${min} ${max === Number.MAX_SAFE_INTEGER ? "or more" : `to ${max}`}`,
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

/** A number of milliseconds or the like; `Infinity` is none. */
export const positive: Rule = {
  expected: "a number above 0",
  accepts: (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
};

/** A number, 0 or more; `Infinity` stands for no limit. */
export const amount: Rule = {
  expected: "a number, 0 or more",
  accepts: (value) => typeof value === "number" && value >= 0,
};

/** One of a few texts. */
export function oneOf(...values: readonly string[]): Rule {
  const quoted = values.map((value) => JSON.stringify(value));
  return {
    expected: quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    accepts: (value) => values.includes(value as string),
  };
}

/** A list, each member as `rule` says. A text is not a list, although it can be gone through like one. */
export function listOf(rule: Rule, what: string): Rule {
  return {
    expected: `a list of ${what}`,
    accepts: Array.isArray,
    look: (list: readonly unknown[], argument, refuse) => {
      for (const [index, member] of list.entries()) apply(rule, member, `${argument}[${index}]`, refuse);
    },
  };
}

/** An object with members of any name, each as `rule` says. */
export function recordOf(rule: Rule, what: string): Rule {
  return {
    expected: `an object of ${what}`,
    accepts: (value) => isObject(value) && !Array.isArray(value),
    look: (record: Readonly<Record<string, unknown>>, argument, refuse) => {
      for (const [name, member] of Object.entries(record)) apply(rule, member, `${argument}.${name}`, refuse);
    },
  };
}

/** Any of several rules. The first that accepts the value looks into it. */
export function either(...rules: readonly Rule[]): Rule {
  return {
    expected: rules.map(({ expected }) => expected).join(", or "),
    accepts: (value) => rules.some(({ accepts }) => accepts(value)),
    look: (value: unknown, argument, refuse) =>
      apply(
        rules.find(({ accepts }) => accepts(value))!,
        value,
        argument,
        refuse,
      ),
    isSecret: rules.some(({ isSecret }) => isSecret === true),
  };
}

/** What only looking at it tells: `expected` completes "must be …". */
export function like(expected: string, accepts: (value: Readonly<Record<PropertyKey, unknown>>) => boolean): Rule {
  return { expected, accepts: (value) => isObject(value) && accepts(value) };
}

/** As `rule`, or left out. */
export function optional(rule: Rule): Rule {
  return {
    ...rule,
    accepts: (value) => value === undefined || rule.accepts(value),
    look: (value: unknown, argument, refuse) => {
      if (value !== undefined) rule.look?.(value as never, argument, refuse);
    },
  };
}

/** A member that an object must have; the others may be left out. */
export function required(rule: Rule): Rule {
  return { ...rule, isRequired: true };
}

/** A rule for each member of `Options`: one that is added to the type is missing here until it has one. */
export type Members<Options> = { readonly [Name in keyof Options]-?: Rule };

/**
 * An object with these members and no others; each may be left out unless it is `required`.
 *
 * @param renamed what members were called once, or are called elsewhere, and their names here
 */
export function options<Options>(members: Members<Options>, renamed: Readonly<Record<string, string>> = {}): Rule {
  const rules = new Map<string, Rule>(Object.entries(members));
  return {
    expected: "an object with options",
    accepts: (value) => isObject(value) && !Array.isArray(value),
    look: (given: Readonly<Record<string, unknown>>, argument, refuse) => {
      for (const name of Object.keys(given)) {
        if (!rules.has(name)) refuse(`${argument}.${name}`, unknownName(name, [...rules.keys()], renamed));
      }
      for (const [name, rule] of rules) {
        const value = given[name];
        if (value !== undefined || rule.isRequired === true) apply(rule, value, `${argument}.${name}`, refuse);
      }
    },
  };
}

/** Holds a value against a rule. */
export function apply(rule: Rule, value: unknown, argument: string, refuse: Refuse): void {
  if (!rule.accepts(value)) {
    if (value === undefined) refuse(argument, `must be ${rule.expected}, and is missing`);
    const given = rule.isSecret === true ? showKind(value) : show(value);
    refuse(argument, `must be ${rule.expected}, not ${given}`);
  }
  rule.look?.(value as never, argument, refuse);
}

function unknownName(name: string, known: readonly string[], renamed: Readonly<Record<string, string>>): string {
  const camel = name.replace(/[_-]+([a-z0-9])/gi, (_, letter: string) => letter.toUpperCase());
  const ours = Object.hasOwn(renamed, camel) ? renamed[camel] : undefined;
  if (ours !== undefined) return `it is called ${ours} here`;
  const near = nearestName(camel, known);
  if (near !== undefined) return `there is no such option; did you mean ${near}?`;
  return `there is no such option; the options are ${known.join(", ")}`;
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}
