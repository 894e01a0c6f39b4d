/** The present moment as the store and the wire spell it: RFC 3339, UTC, milliseconds. Sorts as text. */
export function now(): string {
  return new Date().toISOString();
}

/** A moment `milliseconds` after (or before) another. */
export function later(moment: string, milliseconds: number): string {
  return new Date(Date.parse(moment) + milliseconds).toISOString();
}
