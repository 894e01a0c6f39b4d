import { splitShellWords } from "./shell-words.ts";

/** The opening of a here-document, such as `<<EOF`. */
export interface HeredocOpening {
  /** What the line that ends it consists of. */
  name: string;
  /** `<<-`: tabs at the beginning of its lines do not count. */
  stripsTabs: boolean;
  /** Some of the name is quoted: nothing in the body is expanded. */
  isQuoted: boolean;
}

/** A here-document of an instruction. */
export interface Heredoc extends HeredocOpening {
  /** The lines of its body, line breaks and leading tabs included. */
  body: string;
}

/** A word of its own, a file descriptor before it at most: neither `1<<EOF)` of arithmetic nor bash's `<<<`. */
const OPENING = /^\d*<<(-?)[\t\n\f\r ]*([^<]*)$/;

/** @returns what the word opens, or `undefined` */
export function readHeredocOpening(word: string): HeredocOpening | undefined {
  const opening = readOpening(word);
  return opening === "refused" ? undefined : opening;
}

/**
 * The here-documents that a line opens, in order (BuildKit, frontend/dockerfile/parser/parser.go).
 *
 * @param line an instruction, continued lines joined; where its quotes have no end there are none
 * @returns `undefined` when the builder refuses the name of one
 */
export function heredocOpenings(line: string): HeredocOpening[] | undefined {
  if (!line.includes("<<")) return [];
  const openings: HeredocOpening[] = [];
  for (const word of splitShellWords(line, { keepsQuotes: true, keepsEscapes: true }) ?? []) {
    const opening = readOpening(word);
    if (opening === "refused") return undefined;
    if (opening !== undefined) openings.push(opening);
  }
  return openings;
}

function readOpening(word: string): HeredocOpening | "refused" | undefined {
  const [, dash, rest = ""] = OPENING.exec(word) ?? [];
  if (dash === undefined || rest === "") return undefined;
  const words = splitShellWords(rest);
  if (words === undefined) return "refused";
  const [name] = words;
  if (words.length !== 1 || name === undefined) return undefined;
  const [written, ...others] = splitShellWords(rest, { keepsQuotes: true }) ?? [];
  if (written === undefined || others.length > 0) return "refused";
  return { name, stripsTabs: dash === "-", isQuoted: countQuotes(name) !== countQuotes(written) };
}

/** The body as the builder uses it: with `<<-`, without the tabs that its lines begin with. */
export function contentOf({ body, stripsTabs }: Heredoc): string {
  // A line ends with a line feed and with nothing else: `^` would know more of them.
  return stripsTabs ? body.replace(/(^|\n)\t+/g, "$1") : body;
}

function countQuotes(text: string): number {
  return text.match(/["']/g)?.length ?? 0;
}
