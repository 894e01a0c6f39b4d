import { isSpace, trim, trimStart } from "./blank.ts";

/** Builders split at these; at other white space they do not. */
const BLANK = /[\t\v\f\r ]+/;

/**
 * Words separated by white space, quoted ones in one piece, quotes and escapes left in (BuildKit,
 * frontend/dockerfile/parser/line_parsers.go, `parseWords`). A quote without an end reaches to the end of the text.
 */
export function splitWords(text: string, escape = "\\"): string[] {
  const characters = Array.from(text);
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (quote === undefined && isSpace(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    // At the end there is nothing that it could escape.
    if (character === escape && quote !== "'" && at + 1 === characters.length) break;
    word = (word ?? "") + character;
    if (character === escape && quote !== "'") word += characters[++at];
    else if (quote === character) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
  }
  return word === undefined ? words : [...words, word];
}

/** Whether all quotes of a text have an end. */
export function hasClosedQuotes(text: string, escape = "\\"): boolean {
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === escape && quote !== "'") at++;
    else if (quote === character) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
  }
  return quote === undefined;
}

/** Words of FROM, and of COPY and ADD without brackets: quotes hold no words together there. */
export function splitBlanks(text: string): string[] {
  const trimmed = trim(text);
  return trimmed === "" ? [] : trimmed.split(BLANK);
}

/** An instruction's first word, and what stands behind it. */
export function splitKeyword(line: string): { keyword: string; argument: string } {
  const text = trim(line);
  const blank = BLANK.exec(text);
  if (blank === null) return { keyword: text, argument: "" };
  return { keyword: text.slice(0, blank.index), argument: text.slice(blank.index + blank[0].length) };
}

/** The strings of a JSON array; `undefined` when the text is anything else. */
export function readJsonWords(text: string): string[] | undefined {
  const words = readJsonArray(text);
  return words?.every((word) => typeof word === "string") ? words : undefined;
}

/** Whether the text is a JSON array that holds something else than strings, which builders refuse. */
export function isJsonOfOthers(text: string): boolean {
  return readJsonArray(text)?.every((word) => typeof word === "string") === false;
}

function readJsonArray(text: string): unknown[] | undefined {
  const trimmed = trimStart(text);
  if (!trimmed.startsWith("[")) return undefined;
  try {
    const words: unknown = JSON.parse(trimmed);
    return Array.isArray(words) ? words : undefined;
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

/** Takes the flags off an instruction's argument. */
export function splitFlags(argument: string, escape = "\\"): FlaggedArgument {
  const { words, rest } = splitFlagWords(argument, escape);
  const flags = words.map((text) => {
    const equals = text.indexOf("=");
    return equals < 0 ? { name: text.slice(2) } : { name: text.slice(2, equals), value: text.slice(equals + 1) };
  });
  return { flags, rest };
}

/**
 * The flags as they are written, quotes and escapes taken away (BuildKit, frontend/dockerfile/parser/split_command.go,
 * which reads bytes for characters here).
 */
export function splitFlagWords(argument: string, escape = "\\"): { words: string[]; rest: string } {
  const text = Buffer.from(argument, "utf8").toString("latin1");
  const words: string[] = [];
  let at = skipSpace(text, 0);
  while (text.startsWith("--", at)) {
    const flag = readFlag(text, at, escape);
    at = flag.end;
    if (flag.text === "--") break;
    words.push(flag.text);
    at = skipSpace(text, at);
  }
  return { words, rest: trim(Buffer.from(text.slice(at), "latin1").toString("utf8")) };
}

function readFlag(text: string, from: number, escape: string): { text: string; end: number } {
  let flag = "";
  let quote: string | undefined;
  let at = from;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (quote === undefined && isSpace(character)) break;
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (character === escape) flag += text[++at] ?? "";
    else flag += character;
  }
  return { text: flag, end: at };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text[at]!)) at++;
  return at;
}
