/** Builders split at these; at other white space they do not. */
const BLANK = /[\t\v\f\r ]+/;

/**
 * Words separated by white space, quoted ones in one piece, quotes and escapes left in.
 *
 * @returns `undefined` when a quote has no end
 */
export function splitWords(text: string, escape = "\\"): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? "") + character;
    if (character === escape && quote !== "'" && at + 1 < text.length) word += text[++at];
    else if (quote === character) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}

/** Words of FROM, and of COPY and ADD without brackets: quotes hold no words together there. */
export function splitBlanks(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === "" ? [] : trimmed.split(BLANK);
}

/** The strings of a JSON array; `undefined` when the text is anything else. */
export function readJsonWords(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === "string") ? words : undefined;
  } catch {
    // A bracket that begins no JSON, as in `RUN [ -d /x ]`: the shell form.
    return undefined;
  }
}

/** The flags of an instruction, and what stands behind them. */
export interface FlaggedArgument {
  /** `--name=value` or `--name`, quotes and escapes taken away. */
  flags: readonly { name: string; value?: string }[];
  rest: string;
}

/** Takes the flags off an instruction's argument (BuildKit, frontend/dockerfile/parser/split_command.go). */
export function splitFlags(argument: string, escape = "\\"): FlaggedArgument {
  const flags: { name: string; value?: string }[] = [];
  let at = skipSpace(argument, 0);
  while (argument.startsWith("--", at)) {
    const { text, end } = readFlag(argument, at, escape);
    at = skipSpace(argument, end);
    if (text === "--") break;
    const equals = text.indexOf("=");
    flags.push(equals < 0 ? { name: text.slice(2) } : { name: text.slice(2, equals), value: text.slice(equals + 1) });
  }
  return { flags, rest: argument.slice(at).trim() };
}

function readFlag(argument: string, from: number, escape: string): { text: string; end: number } {
  let text = "";
  let quote: string | undefined;
  let at = from;
  for (; at < argument.length; at++) {
    const character = argument[at]!;
    if (quote === undefined && /\s/.test(character)) break;
    if (character === escape) text += argument[++at] ?? "";
    else if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else text += character;
  }
  return { text, end: at };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}
