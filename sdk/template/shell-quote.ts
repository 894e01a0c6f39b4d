import { anyText, oneOf, optional } from "../arguments/index.ts";
import { check } from "./argument-checks.ts";

/**
 * How a single quote inside a quoted word is written. Shells read both alike; they differ in the digests of the texts that
 * they stand in.
 */
export type QuoteMark = `'"'"'` | "'\\''";

const PYTHONS: QuoteMark = `'"'"'`;
const MARK = optional(oneOf(PYTHONS, "'\\''" satisfies QuoteMark));

/**
 * A word as a POSIX shell reads it back: unchanged when nothing in it is special, else in single quotes.
 *
 * @param [mark=`'"'"'`] how a single quote in the word is written; left out, as Python's `shlex.quote` writes it
 * @throws TemplateArgumentError
 * @example
 * ```ts
 * Template.fromImage("busybox").run(`grep -F -- ${shellQuote("it's up")} /etc/motd`);
 * ```
 */
export function shellQuote(word: string, mark: QuoteMark = PYTHONS): string {
  check("shellQuote", { word: anyText, mark: MARK }, { word, mark });
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", mark)}'`;
}
