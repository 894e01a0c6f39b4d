import { isSpace } from "./blank.ts";

/** How a text is split. */
export interface ShellWordRules {
  /** Quotes stay in the words. @default false */
  keepsQuotes?: boolean;
  /** Escape characters stay in the words. @default false */
  keepsEscapes?: boolean;
}

/** The text ends inside quotes or braces. */
class OpenEnd extends Error {}

/**
 * Splits a line as BuildKit does where it looks for here-documents (frontend/dockerfile/shell/lex.go, `ProcessWords` with
 * no variable set): at white space outside of quotes; variables stay as they are written, and the escape character is the
 * backslash whatever the directive says.
 *
 * @returns `undefined` where the builder gives up: quotes or braces without an end, a bad substitution
 */
export function splitShellWords(text: string, rules: ShellWordRules = {}): string[] | undefined {
  try {
    return new ShellWords(text, rules).read();
  } catch (error) {
    if (error instanceof OpenEnd) return undefined;
    throw error;
  }
}

const ESCAPE = "\\";
/** Names of variables that are one sign (POSIX, "Special Parameters"). */
const SPECIAL = new Set("@*#?-$!0");
const LETTER = /^[\p{L}\p{Nd}_]$/u;
const DIGIT = /^\p{Nd}$/u;

interface Part {
  text: string;
  words: string[];
}

class ShellWords {
  readonly #characters: readonly string[];
  readonly #keepsQuotes: boolean;
  #keepsEscapes: boolean;
  #at = 0;
  /** One word for all levels: a substitution loses what stood before it in the same word, for the builder too. */
  #word = "";

  constructor(text: string, { keepsQuotes = false, keepsEscapes = false }: ShellWordRules) {
    this.#characters = Array.from(text.replace(/^\uFEFF/, ""));
    this.#keepsQuotes = keepsQuotes;
    this.#keepsEscapes = keepsEscapes;
  }

  read(): string[] {
    return this.#until(undefined, this.#keepsEscapes).words;
  }

  get #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string | undefined {
    return this.#characters[this.#at++];
  }

  /** @param stop character that ends this part; `undefined` = the end of the text */
  #until(stop: string | undefined, keepsEscapes: boolean, isPattern = false): Part {
    const outer = this.#keepsEscapes;
    this.#keepsEscapes = keepsEscapes;
    const words: string[] = [];
    let text = "";
    this.#word = "";
    const add = (character: string) => {
      if (!isSpace(character)) this.#word += character;
      else if (this.#word !== "") {
        words.push(this.#word);
        this.#word = "";
      }
    };
    for (let next = this.#next; next !== undefined; next = this.#next) {
      if (next === stop) {
        this.#at++;
        this.#keepsEscapes = outer;
        if (this.#word !== "") words.push(this.#word);
        this.#word = "";
        return { text, words };
      }
      if (next === "$") {
        const part = this.#variable();
        text += part;
        for (const character of part) add(character);
        continue;
      }
      if (next === "<" || next === "'" || next === '"') {
        const part = next === "<" ? this.#angle() : this.#quoted(next, isPattern);
        text += part;
        this.#word += part;
        continue;
      }
      this.#at++;
      if (next !== ESCAPE) {
        text += next;
        add(next);
        continue;
      }
      const escaped = this.#take();
      const kept = (this.#keepsEscapes ? next : "") + (escaped ?? "");
      text += kept;
      this.#word += kept;
    }
    if (stop !== undefined) throw new OpenEnd();
    if (this.#word !== "") words.push(this.#word);
    return { text, words };
  }

  #quoted(quote: string, isPattern: boolean): string {
    return quote === "'" ? this.#singleQuoted(isPattern) : this.#doubleQuoted(isPattern);
  }

  #singleQuoted(isPattern: boolean): string {
    this.#at++;
    let text = "";
    for (let next = this.#take(); next !== "'"; next = this.#take()) {
      if (next === undefined) throw new OpenEnd();
      text += isPattern && next === ESCAPE ? next + next : next;
    }
    return this.#keepsQuotes ? `'${text}'` : text;
  }

  #doubleQuoted(isPattern: boolean): string {
    this.#at++;
    let text = "";
    for (let next = this.#next; next !== '"'; next = this.#next) {
      if (next === undefined) throw new OpenEnd();
      if (next === "$") {
        text += this.#variable();
        continue;
      }
      this.#at++;
      if (next !== ESCAPE) {
        text += next;
        continue;
      }
      const escaped = this.#next;
      if (escaped === undefined) continue;
      if (escaped === '"' || escaped === "$" || escaped === ESCAPE) {
        this.#at++;
        text += (this.#keepsEscapes ? next : "") + escaped;
      } else {
        text += (this.#keepsEscapes && (!this.#keepsQuotes || isPattern) ? next : "") + next;
      }
    }
    this.#at++;
    return this.#keepsQuotes ? `"${text}"` : text;
  }

  /** A variable as it is written: none is set here. */
  #variable(): string {
    this.#at++;
    if (this.#next !== "{") return `$${this.#name()}`;
    this.#at++;
    const first = this.#next;
    if (first === undefined || first === "{" || first === "}" || first === ":") throw new OpenEnd();
    const name = this.#name();
    let operator = this.#take() ?? "";
    if (operator === "}") return `\${${name}}`;
    if (operator === "/") return this.#replacement(name);
    const isColon = operator === ":";
    if (isColon) operator += this.#take() ?? "";
    const sign = operator.at(-1) ?? "";
    // Behind a colon the builder reads on whatever the sign is, but for these two, and finds a fault in no unset variable.
    if (isColon ? sign === "#" || sign === "%" : !["+", "-", "?", "#", "%"].includes(sign)) throw new OpenEnd();
    const isPattern = sign === "#" || sign === "%";
    return `\${${name}${operator}${this.#until("}", isPattern, isPattern).text}}`;
  }

  #replacement(name: string): string {
    const isEvery = this.#next === "/";
    if (isEvery) this.#at++;
    const pattern = this.#until("/", true, true).text;
    return `\${${name}/${pattern}/${this.#until("}", true).text}}`;
  }

  #name(): string {
    let name = "";
    for (let next = this.#next; next !== undefined; next = this.#next) {
      if (name === "" && DIGIT.test(next)) {
        while (DIGIT.test(this.#next ?? "")) name += this.#take();
        return name;
      }
      if (name === "" && SPECIAL.has(next)) {
        this.#at++;
        return next;
      }
      if (!LETTER.test(next)) return name;
      name += next;
      this.#at++;
    }
    return name;
  }

  /** `<<` and the blanks behind it: those of a here-document whose name stands apart. */
  #angle(): string {
    this.#at++;
    if (this.#next !== "<") return "<";
    this.#at++;
    let text = "<<";
    while (/^[\t\r ]$/.test(this.#next ?? "")) text += this.#take();
    return text;
  }
}
