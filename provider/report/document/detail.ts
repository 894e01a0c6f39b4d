/** How much a report shows: a comment has room for so much. */
export interface Detail {
  /** Entries of a list: files, inputs, rows. */
  entries: number;
  /** Characters of a name or a value. */
  characters: number;
  /** Lines of a message. */
  lines: number;
}

/** From everything that is of use to what always fits, a stack or two at least. */
export const DETAILS: readonly [Detail, ...Detail[]] = [
  { entries: 300, characters: 300, lines: 100 },
  { entries: 60, characters: 150, lines: 30 },
  { entries: 12, characters: 80, lines: 8 },
  { entries: 3, characters: 60, lines: 2 },
];

/** Longer lists are folded. */
export const OPEN_ENTRIES = 10;
