/** Shorter values would garble text that has nothing to do with them. */
const SHORTEST_MASKED = 4;

/** A function that replaces every occurrence of the values in a text; longer values first. */
export function masker(values: readonly string[]): (text: string) => string {
  const hidden = values.filter(({ length }) => length >= SHORTEST_MASKED).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((masked, value) => masked.replaceAll(value, "[secret]"), text);
}
