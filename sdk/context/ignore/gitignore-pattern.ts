import { Automaton } from "../glob/automaton.ts";
import {
  ANY,
  type CharSet,
  complement,
  NEWLINE,
  NOT_NEWLINE,
  NOT_SLASH,
  rangeSet,
  singleton,
  SLASH,
  union,
} from "../glob/char-set.ts";
import { assert, char, literal, optional, seq, star, type Syntax } from "../glob/syntax.ts";
import { MalformedPatternError } from "./compile-rule.ts";

/** One line of an ignore file with Git's rules, as the Python library `pathspec` (`GitIgnoreSpec`, 1.1) reads it. */
export interface GitignorePattern {
  readonly isException: boolean;
  /** Matches the path itself; `undefined` when the line only matches what lies below a directory. */
  readonly exact?: Automaton;
  /** `exact` also matches everything below what it matches, as `a/**` does. */
  readonly isExactOpen?: boolean;
  /** Matches everything below a directory that the line names. */
  readonly beneath?: Automaton;
}

/** Python's `str.rstrip` without an argument. */
const TRAILING_SPACE = /[\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const SEPARATOR = char(singleton(SLASH));
const EVERYTHING = star(char(ANY));
const SOMETHING = seq(char(NOT_NEWLINE), star(char(NOT_NEWLINE)));
const NOT_SLASHES = star(char(NOT_SLASH));
const END = optional(char(singleton(NEWLINE)));

/**
 * Compiles one line.
 *
 * @returns `undefined` for a line that does nothing: blank, a comment, a lone `/`, or brackets that do not close
 * @throws MalformedPatternError
 */
export function compileGitignorePattern(line: string): GitignorePattern | undefined {
  const text = line.endsWith("\\ ") ? line : trimEnd(line);
  if (text === "" || text.startsWith("#") || text === "/") return undefined;
  const isException = text.startsWith("!");
  const segments = text.slice(isException ? 1 : 0).split("/");
  const isDirectoryOnly = segments.at(-1) === "";
  anchor(segments);
  const last = segments.at(-1);

  if (segments.every((segment, index) => segment === "**" || (segment === "*" && index === 1))) {
    const everythingBelowRoot = automaton(EVERYTHING, SEPARATOR, EVERYTHING);
    // `**` and `*`: any path. With a slash at the end: whatever is not in the root itself.
    if (segments.length < 3 && !isDirectoryOnly)
      return { isException, exact: automaton(EVERYTHING), isExactOpen: true };
    if (segments.length === 1) return { isException, beneath: everythingBelowRoot };
    if (segments.length === 3) {
      if (isDirectoryOnly) return { isException, beneath: everythingBelowRoot };
      return { isException, exact: everythingBelowRoot, isExactOpen: true };
    }
  }
  const path = translate(segments);
  if (path === undefined) return undefined;
  if (last === "**") {
    const below = automaton(path, SEPARATOR, EVERYTHING);
    return isDirectoryOnly ? { isException, beneath: below } : { isException, exact: below, isExactOpen: true };
  }
  return { isException, exact: automaton(path, END), beneath: automaton(path, SEPARATOR, EVERYTHING) };
}

function automaton(...items: Syntax[]): Automaton {
  return new Automaton(seq(...items));
}

function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && TRAILING_SPACE.test(line[end - 1]!)) end--;
  return line.slice(0, end);
}

// Makes the anchoring explicit: `x` becomes `**/x`, `/x` becomes `x`, `x/` becomes `x/**`; doubled `**` become one.
function anchor(segments: string[]): void {
  if (segments[0] === "") segments.shift();
  else if ((segments.length === 1 || (segments.length === 2 && segments[1] === "")) && segments[0] !== "**") {
    segments.unshift("**");
  }
  if (segments.length === 0) throw new MalformedPatternError("an exception needs a pattern after the !");
  if (segments.at(-1) === "") segments[segments.length - 1] = "**";
  for (let i = segments.length - 1; i > 0; i--) {
    if (segments[i] === "**" && segments[i - 1] === "**") segments.splice(i, 1);
  }
}

/** The path that the segments describe, a trailing `**` left out; `undefined` when a class does not close. */
function translate(segments: readonly string[]): Syntax | undefined {
  const parts: Syntax[] = [];
  let needsSlash = false;
  for (const [index, segment] of segments.entries()) {
    if (segment === "**") {
      if (index === 0) parts.push(optional(seq(SOMETHING, SEPARATOR)));
      else if (index < segments.length - 1) parts.push(optional(seq(SEPARATOR, SOMETHING)));
      needsSlash = index > 0;
      continue;
    }
    if (needsSlash) parts.push(SEPARATOR);
    const glob = segment === "*" ? seq(char(NOT_SLASH), NOT_SLASHES) : translateSegment(segment);
    if (glob === undefined) return undefined;
    parts.push(glob);
    needsSlash = true;
  }
  return seq(assert("start"), ...parts);
}

function translateSegment(segment: string): Syntax | undefined {
  const characters = Array.from(segment);
  const parts: Syntax[] = [];
  for (let at = 0; at < characters.length;) {
    const character = characters[at++]!;
    if (character === "\\") {
      const escaped = characters[at++];
      if (escaped === undefined) throw new MalformedPatternError("a backslash at the end of a path segment");
      parts.push(literal(escaped));
    } else if (character === "*") {
      parts.push(NOT_SLASHES);
    } else if (character === "?") {
      parts.push(char(NOT_SLASH));
    } else if (character === "[") {
      const close = closingBracket(characters, at);
      if (close === undefined) return undefined;
      parts.push(char(bracketSet(characters.slice(at, close))));
      at = close + 1;
    } else {
      parts.push(literal(character));
    }
  }
  return seq(...parts);
}

/** The index of the bracket that closes a class whose content begins at `from`. */
function closingBracket(characters: readonly string[], from: number): number | undefined {
  let at = from;
  if (characters[at] === "!" || characters[at] === "^") at++;
  if (characters[at] === "]") at++;
  const close = characters.indexOf("]", at);
  return close < 0 ? undefined : close;
}

/** The content of a class; a backslash is an ordinary character in it. A negated class may match a slash, as Python's. */
function bracketSet(content: readonly string[]): CharSet {
  const isNegated = content[0] === "!" || content[0] === "^";
  const codes = content.slice(isNegated ? 1 : 0).map((character) => character.codePointAt(0)!);
  const sets: CharSet[] = [];
  for (let at = 0; at < codes.length; at++) {
    const from = codes[at]!;
    const to = codes[at + 2];
    if (codes[at + 1] !== 0x2d || to === undefined) {
      sets.push(singleton(from));
      continue;
    }
    if (to < from)
      throw new MalformedPatternError(`a range that runs backwards: ${content.slice(at, at + 3).join("")}`);
    sets.push(rangeSet([[from, to]]));
    at += 2;
  }
  return isNegated ? complement(union(sets)) : union(sets);
}
