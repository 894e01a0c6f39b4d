import { InvalidRequestError } from "../../errors.ts";

/** A page of a list. */
export interface Listed<T> {
  items: T[];
  /** Of the page behind this one; absent: this is the last. */
  next?: string;
}

/** A page of rows of which one more than asked for was read. @param cursorOf where the page behind a row begins */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  show: (row: Row) => T,
  cursorOf: (row: Row) => string,
): Listed<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(show), ...(rows.length > limit && last !== undefined && { next: cursorOf(last) }) };
}

/** @throws InvalidRequestError when the text is not a cursor of a list by number */
export function numberOf(cursor: string): number {
  if (/^[1-9]\d{0,14}$/.test(cursor)) return Number(cursor);
  throw new InvalidRequestError("after: this is not a place in the list. Open its first page.");
}
