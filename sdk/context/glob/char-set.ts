/** A set of Unicode code points. */
export interface CharSet {
  has(codePoint: number): boolean;
}

/** Inclusive ranges of code points. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** The set that holds the code points of `ranges`. */
export function rangeSet(ranges: Ranges): CharSet {
  return { has: (codePoint) => ranges.some(([from, to]) => from <= codePoint && codePoint <= to) };
}

/** The set that holds one code point. */
export function singleton(codePoint: number): CharSet {
  return { has: (other) => other === codePoint };
}

/** Everything that `set` does not hold. */
export function complement(set: CharSet): CharSet {
  return { has: (codePoint) => !set.has(codePoint) };
}

/** Everything that one of `sets` holds. */
export function union(sets: readonly CharSet[]): CharSet {
  return { has: (codePoint) => sets.some((set) => set.has(codePoint)) };
}

/** Every code point of a Unicode general category, such as `L` or `Nd`; `undefined` when there is no such category. */
export function category(name: string): CharSet | undefined {
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^\\p{${name}}$`, "u");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return { has: (codePoint) => pattern.test(String.fromCodePoint(codePoint)) };
}

export const SLASH = 0x2f;
export const NEWLINE = 0x0a;

export const ANY: CharSet = { has: () => true };
export const NOT_SLASH = complement(singleton(SLASH));
export const NOT_NEWLINE = complement(singleton(NEWLINE));
