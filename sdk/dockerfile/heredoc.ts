import { splitWords } from "./words.ts";

/** The opening of a here-document, such as `<<EOF`. */
export interface HeredocOpening {
  /** What the line that ends it consists of. */
  name: string;
  /** `<<-`: tabs at the beginning of its lines do not count. */
  stripsTabs: boolean;
  /** Some of the name is quoted: nothing in the body is expanded. */
  isQuoted: boolean;
}

/** A word of its own, a file descriptor before it at most: neither `1<<EOF)` of arithmetic nor bash's `<<<`. */
const OPENING = /^\d*<<(-?)\s*([^<]+)$/;

/** @returns what the word opens, or `undefined` */
export function readHeredocOpening(word: string): HeredocOpening | undefined {
  const [, dash, rest = ""] = OPENING.exec(word) ?? [];
  if (dash === undefined) return undefined;
  const name = rest.replace(/\\(.)|["']/g, (_whole, escaped?: string) => escaped ?? "");
  return name === "" ? undefined : { name, stripsTabs: dash === "-", isQuoted: /["']/.test(rest) };
}

/** The here-documents that an instruction opens, in order (BuildKit, frontend/dockerfile/parser/parser.go). */
export function heredocOpenings(argument: string): HeredocOpening[] {
  // A blank between `<<` and the name is allowed.
  const words = splitWords(argument.replace(/<<[ \t]+(?=\S)/g, "<<")) ?? [];
  return words.map(readHeredocOpening).filter((one) => one !== undefined);
}
