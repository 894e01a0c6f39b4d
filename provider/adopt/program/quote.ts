/** What an editor does not show, or shows in another order: it is spelled out, so that a reader sees what is there. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0\ufeff]/gu;

/** A text as a string literal of TypeScript that is this text, whatever is in it; on one line. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, (character) =>
    character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
