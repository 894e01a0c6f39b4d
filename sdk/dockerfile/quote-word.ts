import { anyText, check } from "../arguments/index.ts";

/**
 * An argument of an instruction that is one word, with nothing in it for the builder to replace (Dockerfile reference,
 * "escape"). A blank at its end would be cut off, so it stands in quotes.
 *
 * @param text one line: there is no form for a line break
 * @example
 * ```ts
 * `WORKDIR ${quoteWord("/srv/my site")}`; // 'WORKDIR "/srv/my site"'
 * ```
 */
export function quoteWord(text: string): string {
  check("quoteWord", { text: anyText }, { text });
  return /^[A-Za-z0-9_@%+=:,./][A-Za-z0-9_@%+=:,./-]*$/.test(text) ? text : `"${text.replace(/[\\$"]/g, "\\$&")}"`;
}

/**
 * The same as a flag's value, of which the builder takes quotes and escapes away before it reads the word.
 *
 * @example
 * ```ts
 * `COPY --chown=${quoteFlagValue("web users")} site /srv/site`;
 * ```
 */
export function quoteFlagValue(text: string): string {
  check("quoteFlagValue", { text: anyText }, { text });
  return quoteWord(text).replace(/[\\'"\s]/g, "\\$&");
}
