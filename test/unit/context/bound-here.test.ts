import { describe, expect, it } from "vitest";
import { BoundHere, TooLargeHere } from "../../../sdk/context/walk/bound-here.ts";

describe("the bound of a reading in the thread of the caller", () => {
  it("lets as many names and bytes pass as it says, and not one more", () => {
    const bound = new BoundHere({ entries: 3, bytes: 10 });
    bound.list(1);
    bound.read(4);
    bound.list(2);
    bound.read(6);
    expect(() => bound.list(1)).toThrow(TooLargeHere);
    expect(() => new BoundHere({ entries: 3, bytes: 10 }).read(11)).toThrow(TooLargeHere);
  });

  it("does not wait for a folder that is slow to answer", () => {
    const bound = new BoundHere({ entries: 1_000, bytes: 1_000 });
    for (const start = performance.now(); performance.now() - start < 60;);
    expect(() => bound.list(1)).toThrow(TooLargeHere);
  });
});
