/**
 * White space as Go has it (`unicode.IsSpace`), for a character class: unlike that of a JavaScript expression it holds the
 * next-line control (U+0085) and not the byte order mark.
 */
export const SPACES = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const SPACE = new RegExp(`^[${SPACES}]$`);
const LEADING = new RegExp(`^[${SPACES}]+`);
const TRAILING = new RegExp(`[${SPACES}]+$`);

/** @param character one */
export function isSpace(character: string): boolean {
  return SPACE.test(character);
}

export function trimStart(text: string): string {
  return text.replace(LEADING, "");
}

export function trim(text: string): string {
  return trimStart(text).replace(TRAILING, "");
}
