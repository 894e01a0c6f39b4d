import { anyText, check, optional } from "../arguments/index.ts";
import { expandWord, type Variables, type WordRules } from "./expand-word.ts";
import { hasClosedQuotes, splitBlanks, splitFlags, splitKeyword, splitWords } from "./words.ts";

/** One variable of an ARG or ENV. */
export interface Declaration {
  name: string;
  /** As written, quotes and variables included; absent for an ARG without a default. */
  value?: string;
}

const NAME = /^[A-Za-z_]\w*$/;

/**
 * What an ARG declares; `undefined` when no builder would take it.
 *
 * @example
 * ```ts
 * readArg("VERSION=3.12"); // [{ name: "VERSION", value: "3.12" }]
 * ```
 */
export function readArg(argument: string, escape?: string): Declaration[] | undefined {
  check("readArg", { argument: anyText, escape: optional(anyText) }, { argument, escape });
  const { rest } = splitFlags(argument, escape);
  return hasClosedQuotes(rest, escape) ? checked(splitWords(rest, escape).map(atEquals)) : undefined;
}

/**
 * What an ENV sets, `ENV NAME value` included; `undefined` when no builder would take it.
 *
 * @example
 * ```ts
 * readEnv('LANG="C.UTF-8" TZ=UTC'); // [{ name: "LANG", value: '"C.UTF-8"' }, { name: "TZ", value: "UTC" }]
 * ```
 */
export function readEnv(argument: string, escape?: string): Declaration[] | undefined {
  check("readEnv", { argument: anyText, escape: optional(anyText) }, { argument, escape });
  const { rest } = splitFlags(argument, escape);
  const words = splitWords(rest, escape);
  if (words[0]?.includes("=")) {
    const isWhole = hasClosedQuotes(rest, escape) && words.every((word) => word.includes("="));
    return isWhole ? checked(words.map(atEquals)) : undefined;
  }
  const { keyword: name, argument: value } = splitKeyword(rest);
  return value === "" ? undefined : checked([{ name, value }]);
}

function atEquals(word: string): Declaration {
  const at = word.indexOf("=");
  return at < 0 ? { name: word } : { name: word.slice(0, at), value: word.slice(at + 1) };
}

function checked(declarations: Declaration[]): Declaration[] | undefined {
  return declarations.length > 0 && declarations.every(({ name }) => NAME.test(name)) ? declarations : undefined;
}

/** Where the value of an ARG may come from. */
export interface ArgSources {
  /** What the build was given. */
  given: string | undefined;
  /** What an ARG before the first FROM says; none there itself. */
  inherited: string | undefined;
  /** What the value that it declares is expanded with. */
  variables: Variables;
  rules?: WordRules;
}

/** The value of an ARG: what was given, else its own default, else the one from before the first FROM. */
export function argValue({ value }: Declaration, sources: ArgSources): string | undefined {
  const { given, inherited, variables, rules } = sources;
  if (given !== undefined) return given;
  return value === undefined ? inherited : expandWord(value, variables, rules);
}

/** What a FROM says, as written. */
export interface StageOpening {
  base: string;
  /** In lower case: names of stages are the same in either. */
  name?: string;
  flags: readonly { name: string; value?: string }[];
}

/**
 * @returns `undefined` when no builder would take it
 * @example
 * ```ts
 * readFrom("--platform=linux/arm64 node:24 AS build"); // base "node:24", name "build", and the flag
 * ```
 */
export function readFrom(argument: string, escape?: string): StageOpening | undefined {
  check("readFrom", { argument: anyText, escape: optional(anyText) }, { argument, escape });
  const { flags, rest } = splitFlags(argument, escape);
  const [base, as, name, ...more] = splitBlanks(rest);
  if (base === undefined || more.length > 0) return undefined;
  if (as === undefined) return { base, flags };
  if (as.toUpperCase() !== "AS" || name === undefined) return undefined;
  return { base, name: name.toLowerCase(), flags };
}
