/**
 * An argument of an instruction that is one word, with nothing in it for the builder to replace (Dockerfile reference,
 * "escape"). A blank at its end would be cut off, so it stands in quotes.
 *
 * @param text one line: there is no form for a line break
 */
export function quoteWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*$/.test(text) ? text : `"${text.replace(/[\\$"]/g, "\\$&")}"`;
}

/** The same as a flag's value, of which the builder takes quotes and escapes away before it reads the word. */
export function quoteFlagValue(text: string): string {
  return quoteWord(text).replace(/[\\'"\s]/g, "\\$&");
}
