/**
 * How much is played: in the gate (`npm test`) the rows that are marked for it and a sample of the kill moments, so that
 * it stays short; with `npm run sequences` everything.
 */
export const isWhole = process.env.NULLSPACE_SEQUENCES === "whole";

/** What the order of kill moments is drawn with; another seed is another sample of them. */
export const seed = Number(process.env.NULLSPACE_SEQUENCES_SEED ?? 1);

/** How many chains of kills are played for each shell and subject. */
export const chainCount = Number(process.env.NULLSPACE_SEQUENCES_CHAINS ?? (isWhole ? Infinity : 2));

/** The members in a random order that the seed and the salt alone decide (mulberry32 and a Fisher-Yates shuffle). */
export function shuffle<Item>(items: readonly Item[], salt: string): Item[] {
  const shuffled = [...items];
  let state = seed >>> 0;
  for (const letter of salt) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as Item, shuffled[last] as Item];
  }
  return shuffled;
}
