/**
 * How much is played: in the gate (`npm test`) the rows that are marked for it and a sample of the kill moments, so that
 * it stays short; with `npm run sequences` everything.
 */
export const isWhole = process.env.NULLSPACE_SEQUENCES === "whole";

/** What the sample is drawn with; another seed is another sample. */
export const seed = Number(process.env.NULLSPACE_SEQUENCES_SEED ?? 1);

/** `count` members in a random order that the seed alone decides (mulberry32 and a Fisher-Yates shuffle). */
export function sample<Item>(items: readonly Item[], count: number): Item[] {
  const shuffled = [...items];
  let state = seed >>> 0;
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
  return shuffled.slice(0, count);
}
