import { ANY } from "../glob/char-set.ts";
import { Automaton } from "../glob/automaton.ts";
import { alt, char, literal, seq, star, type Syntax } from "../glob/syntax.ts";
import { isValidGoPattern } from "./go-match.ts";
import { cleanPath, trimSpace } from "./go-path.ts";
import { GoRegexpSyntaxError, parseGoRegexp } from "./go-regexp.ts";
import { MalformedPatternError } from "./compile-rule.ts";

/** One pattern of a Docker ignore file, ready to match. */
export interface DockerPattern {
  /** The pattern without its `!`, cleaned: what moby compares prefixes with before it enters an excluded directory. */
  readonly text: string;
  /** Whether the pattern re-includes (`!`). */
  readonly isException: boolean;
  readonly automaton: Automaton;
}

/**
 * Compiles one pattern as moby's `patternmatcher` does.
 *
 * @returns `undefined` for a blank pattern
 * @throws MalformedPatternError
 * @see https://github.com/moby/patternmatcher (v0.6)
 */
export function compileDockerPattern(line: string): DockerPattern | undefined {
  const trimmed = trimSpace(line);
  if (trimmed === "") return undefined;
  // The mark is part of what is cleaned: `!../../x` becomes `x`, as it does in moby.
  const cleaned = cleanPath(trimmed);
  const isException = cleaned.startsWith("!");
  const text = isException ? cleaned.slice(1) : cleaned;
  if (isException && text === "") throw new MalformedPatternError("an exception needs a pattern after the !");
  if (!isValidGoPattern(text)) {
    throw new MalformedPatternError("unclosed or empty brackets, a range without an end, or a backslash at the end");
  }
  return { text, isException, automaton: new Automaton(translate(text)) };
}

/** A pattern that matches exactly `path` and nothing else, whatever characters it has. */
export function literalException(path: string): DockerPattern {
  return { text: path, isException: true, automaton: new Automaton(literal(path)) };
}

const EVERYTHING = star(char(ANY));

/** moby matches plain text, prefixes (`x**`) and suffixes (`**x`) without a regular expression, and the rest with one. */
function translate(text: string): Syntax {
  let kind: "exact" | "prefix" | "suffix" | "regexp" = "exact";
  let source = "^";
  // Go's scanner, which moby reads the pattern with, drops a byte order mark.
  const characters = Array.from(text.replace(/^\ufeff/, ""));
  for (let at = 0, token = 0; at < characters.length; token++) {
    const character = characters[at++]!;
    if (character === "*" && characters[at] === "*") {
      at++;
      if (characters[at] === "/") at++;
      if (at < characters.length) {
        source += "(.*/)?";
        kind = "regexp";
      } else if (kind === "exact") {
        kind = "prefix";
      } else {
        source += ".*";
        kind = "regexp";
      }
      if (token === 0) kind = "suffix";
    } else if (character === "*") {
      source += "[^/]*";
      kind = "regexp";
    } else if (character === "?") {
      source += "[^/]";
      kind = "regexp";
    } else if (".+()|{}$".includes(character)) {
      source += `\\${character}`;
    } else if (character === "\\") {
      source += `\\${characters[at++] ?? ""}`;
      kind = "regexp";
    } else {
      source += character;
      if (character === "[" || character === "]") kind = "regexp";
    }
  }
  switch (kind) {
    case "exact":
      return literal(text);
    case "prefix":
      return seq(literal(text.slice(0, -2)), EVERYTHING);
    case "suffix": {
      const suffix = text.slice(2);
      const anywhere = seq(EVERYTHING, literal(suffix));
      return suffix.startsWith("/") ? alt(anywhere, literal(suffix.slice(1))) : anywhere;
    }
    case "regexp":
      return parse(`${source}$`);
  }
}

function parse(source: string): Syntax {
  try {
    return parseGoRegexp(source);
  } catch (error) {
    if (error instanceof GoRegexpSyntaxError) throw new MalformedPatternError(error.message);
    throw error;
  }
}
