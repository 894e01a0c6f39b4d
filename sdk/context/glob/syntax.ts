import { type CharSet, singleton } from "./char-set.ts";

/**
 * A regular expression as data: what ignore patterns are translated into. It has no captures and no back-references, so
 * that matching takes time linear in the text whatever the pattern.
 */
export type Syntax =
  | { readonly kind: "char"; readonly set: CharSet }
  | { readonly kind: "seq"; readonly items: readonly Syntax[] }
  | { readonly kind: "alt"; readonly items: readonly Syntax[] }
  | { readonly kind: "star"; readonly item: Syntax }
  | { readonly kind: "optional"; readonly item: Syntax }
  | { readonly kind: "assert"; readonly assertion: Assertion };

/** A condition on a position between two characters. */
export type Assertion = "start" | "end" | "word-boundary" | "no-word-boundary";

export const char = (set: CharSet): Syntax => ({ kind: "char", set });
export const seq = (...items: Syntax[]): Syntax => ({ kind: "seq", items });
export const alt = (...items: Syntax[]): Syntax => ({ kind: "alt", items });
export const star = (item: Syntax): Syntax => ({ kind: "star", item });
export const optional = (item: Syntax): Syntax => ({ kind: "optional", item });
export const assert = (assertion: Assertion): Syntax => ({ kind: "assert", assertion });

/** The text itself, nothing special in it. */
export function literal(text: string): Syntax {
  return seq(...Array.from(text, (character) => char(singleton(character.codePointAt(0)!))));
}
