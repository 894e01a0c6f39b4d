/** A piece of a line: a text of ours as it is, or one of a user, which is shown to the letter and means nothing. */
export type Inline = string | { readonly code: string };

/** A line of a document. */
export type Line = readonly Inline[];

/** A part of a document. No format can break out of its part, whatever a user has written. */
export type Block =
  | { kind: "heading"; level: 2 | 3 | 4; line: Line }
  | { kind: "paragraph"; line: Line }
  | { kind: "list"; items: readonly Line[] }
  | { kind: "table"; head: readonly string[]; rows: readonly (readonly Line[])[] }
  /** Lines of users, one below the other; `fold`: out of sight behind these words of ours. */
  | { kind: "lines"; lines: readonly string[]; syntax?: "diff"; fold?: string };

/** A text of a user in a line. */
export function code(text: string): Inline {
  return { code: text };
}
