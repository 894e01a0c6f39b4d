import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  planNative,
  surgeOf,
  type GenerationPlan,
  type SeenGeneration,
} from "../../../service/fleet/pools/native/plan-native.ts";

const seen = (generation: number, more: Partial<SeenGeneration> = {}): SeenGeneration => ({
  generation,
  replicas: 0,
  isProven: false,
  wasCurrent: false,
  members: 0,
  ready: 0,
  held: null,
  ...more,
});
const whole = (generation: number, count: number): SeenGeneration =>
  seen(generation, { replicas: count, members: count, ready: count, isProven: true, wasCurrent: true });
const enabled = (replicas: number) => ({ state: "enabled", replicas }) as const;
const brief = (plans: readonly GenerationPlan[]) =>
  plans.map(({ generation, replicas, isCurrent, isLeaving }) => [generation, replicas, isCurrent, isLeaving]);

describe("the plan of what is kept for other programs", () => {
  it("fills the first generation at once, and has it claimed from", () => {
    expect(brief(planNative(enabled(5), [seen(1)]))).toEqual([[1, 5, true, false]]);
  });

  it("grows a new generation by the surge, and moves what is current when half of it is ready", () => {
    expect(brief(planNative(enabled(8), [seen(2), whole(1, 8)]))).toEqual([
      [2, 2, false, false],
      [1, 8, true, false],
    ]);
    const halfway = seen(2, { replicas: 6, members: 6, ready: 4, isProven: true });
    expect(brief(planNative(enabled(8), [halfway, { ...whole(1, 4), replicas: 4 }]))).toEqual([
      [2, 6, true, false],
      [1, 4, false, false],
    ]);
    expect(brief(planNative(enabled(8), [whole(2, 8), seen(1, { isProven: true, wasCurrent: true })]))).toEqual([
      [2, 8, true, false],
      [1, 0, false, true],
    ]);
  });

  it("leaves the generation before as it is while the new one has nothing ready, and drops one that never had", () => {
    const bad = seen(2, { replicas: 1, members: 1 });
    expect(brief(planNative(enabled(2), [bad, whole(1, 2)]))).toEqual([
      [2, 1, false, false],
      [1, 2, true, false],
    ]);
    expect(brief(planNative(enabled(2), [seen(3), bad, whole(1, 2)]))).toEqual([
      // What is told to go counts until it has gone.
      [3, 0, false, false],
      [2, 0, false, true],
      [1, 2, true, false],
    ]);
  });

  it("keeps an old generation that was emptied by claims", () => {
    const emptied = { ...whole(1, 4), members: 1, ready: 0 };
    expect(brief(planNative(enabled(4), [seen(2), emptied]))).toEqual([
      [2, 1, false, false],
      [1, 4, true, false],
    ]);
  });

  it("holds a disabled pool at what it has, and has nothing of it claimed", () => {
    const held = { ...whole(1, 4), held: ["a", "b"] };
    expect(brief(planNative({ state: "disabled", replicas: 4 }, [held]))).toEqual([[1, 2, false, false]]);
    expect(brief(planNative({ state: "draining", replicas: 4 }, [held]))).toEqual([[1, 0, false, false]]);
    expect(brief(planNative({ state: "gone", replicas: 0 }, [held, whole(0, 3)]))).toEqual([
      [1, 0, false, true],
      [0, 0, false, true],
    ]);
  });

  it("rolls through whatever order things happen in: within its bound, never short, and to an end", () => {
    const count = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(count, fc.infiniteStream(fc.nat()), (replicas, dice) => {
        let generations: SeenGeneration[] = [seen(2), whole(1, replicas)];
        const bound = replicas + surgeOf(replicas);
        for (let step = 0; step < 400; step += 1) {
          const plans = planNative(enabled(replicas), generations);
          const total = plans.reduce((sum, plan) => sum + plan.replicas, 0);
          expect(total).toBeLessThanOrEqual(bound);
          expect(plans.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
          generations = generations
            .map((each, at) => happen(each, plans[at]!, Number(dice.next().value)))
            .filter((each, at) => !(plans[at]!.isLeaving && each.members === 0));
          const ready = generations.reduce((sum, each) => sum + each.ready, 0);
          expect(ready).toBeGreaterThanOrEqual(replicas);
          if (generations.length > 1) continue;
          expect(generations[0]).toMatchObject({ generation: 2, ready: replicas });
          return;
        }
        expect.fail("it never ends");
      }),
      { numRuns: 200 },
    );
  });
});

/** One thing that agent-sandbox does, or nothing: a member is made, gets ready, or goes, as it chooses them. */
function happen(each: SeenGeneration, { replicas, isCurrent, isProven }: GenerationPlan, dice: number): SeenGeneration {
  let { members, ready } = each;
  if (members > replicas) {
    // Unready ones first.
    if (ready === members) ready -= 1;
    members -= 1;
  } else if (dice % 2 === 0 && members < replicas) members += 1;
  else if (dice % 3 === 0 && ready < members) ready += 1;
  return { ...each, members, ready, replicas, isProven, wasCurrent: each.wasCurrent || isCurrent };
}
