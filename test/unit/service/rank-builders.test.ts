import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankBuilders } from "../../../service/builders/buildkit/rank-builders.ts";

const fleet = (count: number) => Array.from({ length: count }, (_, index) => ({ address: `tcp://builder-${index}:1` }));

describe("the order of builders", () => {
  it("depends on the key and the builders alone, and one that goes leaves the order of the others", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 8 }), fc.nat(), (key, count, which) => {
        const builders = fleet(count);
        const ranked = rankBuilders(builders, key);
        expect(new Set(ranked)).toEqual(new Set(builders));
        expect(rankBuilders([...builders].reverse(), key)).toEqual(ranked);
        const gone = builders[which % count];
        const rest = rankBuilders(
          builders.filter((one) => one !== gone),
          key,
        );
        expect(rest).toEqual(ranked.filter((one) => one !== gone));
      }),
    );
  });

  it("spreads templates over all builders", () => {
    const counts = new Map<string, number>();
    for (let key = 0; key < 1_000; key++) {
      const { address } = rankBuilders(fleet(4), `instance/${key}`)[0]!;
      counts.set(address, (counts.get(address) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    expect(Math.min(...counts.values())).toBeGreaterThan(150);
  });
});
