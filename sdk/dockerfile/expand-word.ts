import { anyText, callback, check, like, object } from "../arguments/index.ts";

/** Stands in a text for what cannot be told. No Dockerfile holds it. */
export const UNTOLD = "\u0000";

/** What a word is expanded with. */
export interface Variables {
  /** @returns the value, with {@link UNTOLD} in it where it cannot be told; `undefined` when the variable is not set */
  get(name: string): string | undefined;
  /**
   * The text in place of something that cannot be told; {@link UNTOLD} is part of it.
   *
   * @param what it is, so that two unknowns can be told apart
   */
  untold(what: string): string;
  /** What a variable that is not set stands for. @default nothing */
  unset?: string;
}

/** How a word is read. */
export interface WordRules {
  /** @default backslash */
  escape?: "\\" | "`";
  /** Quotes are characters like any other, as in the body of a here-document. @default false */
  keepsQuotes?: boolean;
}

const VARIABLES = like(
  "an object with get and untold",
  ({ get, untold }) => callback.accepts(get) && callback.accepts(untold),
);

/**
 * Takes away quotes and escapes, and puts the values of variables in their places (Dockerfile reference, "Environment
 * replacement"; BuildKit, frontend/dockerfile/shell/lex.go).
 *
 * @returns `undefined` for a word that the builder refuses: a quote or brace without an end, a bad substitution
 * @example
 * ```ts
 * const values = new Map([["VERSION", "3.12"]]);
 * const variables = { get: (name: string) => values.get(name), untold: () => UNTOLD };
 * expandWord("python:${VERSION:-3.13}-slim", variables); // "python:3.12-slim"
 * ```
 */
export function expandWord(word: string, variables: Variables, rules: WordRules = {}): string | undefined {
  check("expandWord", { word: anyText, variables: VARIABLES, rules: object }, { word, variables, rules });
  try {
    return new Expansion(word, variables, rules).run();
  } catch (error) {
    if (error instanceof BadWord) return undefined;
    throw error;
  }
}

class BadWord extends Error {}

class Expansion {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #escape: string;
  readonly #keepsQuotes: boolean;
  #at = 0;

  constructor(text: string, variables: Variables, { escape = "\\", keepsQuotes = false }: WordRules) {
    this.#text = text;
    this.#variables = variables;
    this.#escape = escape;
    this.#keepsQuotes = keepsQuotes;
  }

  run(): string {
    return this.#until(undefined);
  }

  /** Up to the character that ends this part, which is passed over; `undefined` = the end of the text. */
  #until(stop: string | undefined): string {
    let result = "";
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      if (character === stop) {
        this.#at++;
        return result;
      }
      if (character === "$") result += this.#variable();
      else if (character === "'" && !this.#keepsQuotes) result += this.#singleQuoted();
      else if (character === '"' && !this.#keepsQuotes) result += this.#doubleQuoted();
      else if (character === this.#escape) {
        result += this.#text[this.#at + 1] ?? "";
        this.#at += 2;
      } else {
        result += character;
        this.#at++;
      }
    }
    if (stop !== undefined) throw new BadWord();
    return result;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw new BadWord();
    const content = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return content;
  }

  #doubleQuoted(): string {
    let result = "";
    this.#at++;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!;
      const next = this.#text[this.#at + 1];
      if (character === '"') {
        this.#at++;
        return result;
      }
      if (character === "$") {
        result += this.#variable();
        continue;
      }
      // Before anything else the escape character stands for itself.
      const isEscape = character === this.#escape && (next === '"' || next === "$" || next === this.#escape);
      result += isEscape ? next : character;
      this.#at += isEscape ? 2 : 1;
    }
    throw new BadWord();
  }

  #variable(): string {
    const from = this.#at;
    this.#at++;
    if (this.#text[this.#at] !== "{") {
      const name = this.#name();
      return name === "" ? "$" : (this.#variables.get(name) ?? this.#variables.unset ?? "");
    }
    this.#at++;
    const name = this.#name();
    if (name === "") throw new BadWord();
    const value = this.#variables.get(name);
    const operator = /^(?:\}|:?[-+?]|[#%/])/.exec(this.#text.slice(this.#at))?.[0];
    if (operator === undefined) throw new BadWord();
    this.#at += operator.length;
    if (operator === "}") return value ?? this.#variables.unset ?? "";
    const words = this.#until("}");
    // Only some builders know patterns (`${NAME#pattern}`).
    const whole = `${this.#text.slice(from, this.#at)} of ${value ?? ""}`;
    if (/[#%/]/.test(operator)) return this.#variables.untold(whole);
    // Of an unknown value nobody can tell whether it is empty, or there at all.
    if (value?.startsWith(UNTOLD)) return this.#variables.untold(whole);
    const isSet = value !== undefined && (value !== "" || !operator.startsWith(":"));
    if (operator.endsWith("?") && !isSet) throw new BadWord();
    if (operator.endsWith("+")) return isSet ? words : "";
    return isSet ? value : words;
  }

  #name(): string {
    const name = /^(?:[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?\-$!])/u.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += name.length;
    return name;
  }
}
