import {
  category,
  type CharSet,
  complement,
  NOT_NEWLINE,
  rangeSet,
  type Ranges,
  singleton,
  union,
} from "../glob/char-set.ts";
import { assert, char, optional, seq, star, type Syntax } from "../glob/syntax.ts";

/** The expression is not one that Go's `regexp` accepts. */
export class GoRegexpSyntaxError extends Error {}

const PERL: Readonly<Record<string, Ranges>> = {
  d: [[0x30, 0x39]],
  s: [[0x09, 0x0a], [0x0c, 0x0d], [0x20, 0x20]], // prettier-ignore
  w: [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]], // prettier-ignore
};
const POSIX: Readonly<Record<string, Ranges>> = {
  alnum: [[0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]], // prettier-ignore
  alpha: [[0x41, 0x5a], [0x61, 0x7a]], // prettier-ignore
  ascii: [[0, 0x7f]],
  blank: [[0x09, 0x09], [0x20, 0x20]], // prettier-ignore
  cntrl: [[0, 0x1f], [0x7f, 0x7f]], // prettier-ignore
  digit: [[0x30, 0x39]],
  graph: [[0x21, 0x7e]],
  lower: [[0x61, 0x7a]],
  print: [[0x20, 0x7e]],
  punct: [[0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]], // prettier-ignore
  space: [[0x09, 0x0d], [0x20, 0x20]], // prettier-ignore
  upper: [[0x41, 0x5a]],
  word: [[0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]], // prettier-ignore
  xdigit: [[0x30, 0x39], [0x41, 0x46], [0x61, 0x66]], // prettier-ignore
};
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/**
 * Parses the part of Go's regular expressions that moby's pattern compiler can produce: characters, escapes, classes,
 * groups, `.`, `^`, `$`, `*` and `?` (RE2 syntax, Perl flags: `.` does not match a newline, negated classes do).
 *
 * moby passes brackets and escapes through to `regexp` as they stand, so `\d` is a digit, `[[:alpha:]]` a letter and `[*]`
 * something odd. Parsing the same text is what makes us agree with it there too.
 *
 * @see https://pkg.go.dev/regexp/syntax
 * @throws GoRegexpSyntaxError
 */
export function parseGoRegexp(source: string): Syntax {
  return new Parser(Array.from(source)).parse();
}

class Parser {
  readonly #text: readonly string[];
  #at = 0;

  constructor(text: readonly string[]) {
    this.#text = text;
  }

  parse(): Syntax {
    const syntax = this.#sequence();
    if (this.#at < this.#text.length) throw new GoRegexpSyntaxError("unexpected )");
    return syntax;
  }

  #sequence(): Syntax {
    const items: Syntax[] = [];
    while (this.#at < this.#text.length && this.#peek() !== ")") {
      if (this.#takes("\\Q")) items.push(...this.#quoted());
      else items.push(this.#repeated(this.#atom()));
    }
    return seq(...items);
  }

  /** `\Q…\E`: everything between is literal; without `\E`, to the end. */
  #quoted(): Syntax[] {
    const items: Syntax[] = [];
    while (this.#at < this.#text.length && !this.#takes("\\E")) items.push(char(singleton(codeOf(this.#take()))));
    return items;
  }

  #repeated(item: Syntax): Syntax {
    if (this.#takes("*")) return star(item);
    return this.#takes("?") ? optional(item) : item;
  }

  #atom(): Syntax {
    const character = this.#take();
    switch (character) {
      case "(": {
        const inner = this.#sequence();
        if (!this.#takes(")")) throw new GoRegexpSyntaxError("missing closing )");
        return inner;
      }
      case "[":
        return char(this.#class());
      case ".":
        return char(NOT_NEWLINE);
      case "^":
        return assert("start");
      case "$":
        return assert("end");
      case "*":
      case "?":
        throw new GoRegexpSyntaxError(`missing argument to repetition operator ${character}`);
      case "\\":
        return this.#escapedAtom();
      default:
        return char(singleton(codeOf(character)));
    }
  }

  #escapedAtom(): Syntax {
    if (this.#takes("A")) return assert("start");
    if (this.#takes("z")) return assert("end");
    if (this.#takes("b")) return assert("word-boundary");
    if (this.#takes("B")) return assert("no-word-boundary");
    return char(this.#escapedSet() ?? singleton(this.#escapedCharacter()));
  }

  /** `\d`, `\W`, `\pL` and their like, after the backslash. */
  #escapedSet(): CharSet | undefined {
    const letter = this.#peek() ?? "";
    const perl = PERL[letter.toLowerCase()];
    if (perl) {
      this.#at++;
      return letter === letter.toLowerCase() ? rangeSet(perl) : complement(rangeSet(perl));
    }
    if (letter !== "p" && letter !== "P") return undefined;
    this.#at++;
    const set = category(this.#take());
    if (!set) throw new GoRegexpSyntaxError("invalid character class range");
    return letter === "p" ? set : complement(set);
  }

  /** One character, after the backslash. */
  #escapedCharacter(): number {
    const character = this.#take();
    if (/^[^0-9A-Za-z\u{80}-\u{10ffff}]$/u.test(character)) return codeOf(character);
    if (Object.hasOwn(CONTROL, character)) return CONTROL[character]!;
    const isOctal = (text: string | undefined): text is string => text !== undefined && /^[0-7]$/.test(text);
    if (character === "0" || (isOctal(character) && isOctal(this.#peek()))) {
      let digits = character;
      while (digits.length < 3 && isOctal(this.#peek())) digits += this.#take();
      return Number.parseInt(digits, 8);
    }
    if (character === "x") {
      const digits = (this.#text[this.#at] ?? "") + (this.#text[this.#at + 1] ?? "");
      if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
        this.#at += 2;
        return Number.parseInt(digits, 16);
      }
    }
    throw new GoRegexpSyntaxError(`invalid escape sequence \\${character}`);
  }

  /** A class, after its opening bracket. */
  #class(): CharSet {
    const isNegated = this.#takes("^");
    const sets: CharSet[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== "]"; isFirst = false) {
      if (this.#at >= this.#text.length) throw new GoRegexpSyntaxError("missing closing ]");
      sets.push(this.#posix() ?? this.#classEscape() ?? this.#range());
    }
    this.#at++;
    return isNegated ? complement(union(sets)) : union(sets);
  }

  #classEscape(): CharSet | undefined {
    if (this.#peek() !== "\\") return undefined;
    this.#at++;
    const set = this.#escapedSet();
    if (!set) this.#at--;
    return set;
  }

  #posix(): CharSet | undefined {
    if (this.#peek() !== "[" || this.#text[this.#at + 1] !== ":") return undefined;
    const rest = this.#text.slice(this.#at + 2).join("");
    const end = rest.indexOf(":]");
    if (end < 0) return undefined;
    const isNegated = rest.startsWith("^");
    const ranges = POSIX[rest.slice(isNegated ? 1 : 0, end)];
    if (!ranges) throw new GoRegexpSyntaxError("invalid character class range");
    this.#at += 2 + Array.from(rest.slice(0, end)).length + 2;
    return isNegated ? complement(rangeSet(ranges)) : rangeSet(ranges);
  }

  #range(): CharSet {
    const from = this.#classCharacter();
    if (this.#peek() !== "-" || this.#at + 1 >= this.#text.length || this.#text[this.#at + 1] === "]") {
      return singleton(from);
    }
    this.#at++;
    const to = this.#classCharacter();
    if (to < from) throw new GoRegexpSyntaxError("invalid character class range");
    return rangeSet([[from, to]]);
  }

  #classCharacter(): number {
    const character = this.#take();
    return character === "\\" ? this.#escapedCharacter() : codeOf(character);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(): string {
    const character = this.#text[this.#at++];
    if (character === undefined) throw new GoRegexpSyntaxError("unexpected end of expression");
    return character;
  }

  #takes(expected: string): boolean {
    for (let i = 0; i < expected.length; i++) if (this.#text[this.#at + i] !== expected[i]) return false;
    this.#at += expected.length;
    return true;
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}
