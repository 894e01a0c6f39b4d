import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

it("hands out each member once, and holds what pools may have, under a stream of claims", async () => {
  const size = { nodes: 20, pools: 5, guests: 100, rate: 10, seconds: 20, useMs: 500 };
  const { claimMs, refused, audited, looks, podsLeft } = await simulate(size);
  expect(Object.fromEntries(refused)).toEqual({});
  expect(claimMs).toHaveLength(size.rate * size.seconds);
  expect(audited).toEqual({ claims: claimMs.length, guests: claimMs.length });
  expect(looks.count).toBeGreaterThan(5);
  expect(looks.over).toBe(0);
  expect(podsLeft).toBe(0);
});
