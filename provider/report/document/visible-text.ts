/**
 * Characters that are not seen, or that change how what stands beside them is seen: controls, line ends, directions of
 * writing, spaces without a width. The joiners of emoji and scripts are left.
 */
const UNSEEN = /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/g;

const NAMES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The text on one line, with every character of it to be seen, cut to so many characters. */
export function visible(text: string, most: number): string {
  // Cut first: a value may be megabytes long.
  const head = text.slice(0, most * 2 + 1).toWellFormed();
  const seen = head.replace(UNSEEN, (unseen) => NAMES[unseen] ?? `\\u{${unseen.codePointAt(0)!.toString(16)}}`);
  const characters = [...seen];
  return characters.length <= most ? seen : `${characters.slice(0, most - 1).join("")}…`;
}
