import fc from "fast-check";
import { expect, it } from "vitest";
import { JsonValueCounter } from "../../../service/http/json-value-counter.ts";

/** Objects, lists, and members or elements after the first. */
function count(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  const inside = Object.values(value);
  return 1 + Math.max(0, inside.length - 1) + inside.reduce<number>((sum, one) => sum + count(one), 0);
}

it("counts what the text holds, wherever its bytes are cut", () => {
  const awkward = fc.string({ unit: fc.constantFrom('"', "\\", ",", "{", "[", "a", "é") });
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.record({ text: awkward, list: fc.array(awkward) })),
      fc.integer({ min: 1, max: 7 }),
      (any, texts, size) => {
        const value = { any, texts };
        const bytes = Buffer.from(JSON.stringify(value));
        const counter = new JsonValueCounter();
        for (let at = 0; at < bytes.length; at += size) counter.add(bytes.subarray(at, at + size));
        expect(counter.entries).toBeGreaterThanOrEqual(texts.length);
        // As it is written: a negative zero and a `__proto__` are other values when they are read again.
        expect(counter.values).toBe(count(JSON.parse(bytes.toString())));
      },
    ),
  );
});
