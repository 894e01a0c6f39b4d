import { describe, expect, it } from "vitest";
import { lineNotPrinted, readmeSteps } from "../../examples/support/readme.ts";

describe("a README that is played", () => {
  it("has its commands in console blocks, with what they print below", () => {
    const markdown =
      "# Title\n\n```sh\nnpm install\n```\n\n```console\n$ one\nprinted\n$ two | three\n```\n\n```console\n$ four\n```\n";
    expect(readmeSteps(markdown)).toEqual([
      { command: "one", prints: ["printed"] },
      { command: "two | three", prints: [] },
      { command: "four", prints: [] },
    ]);
  });

  it("tells of a line that was not printed, or not in its place", () => {
    const printed = "Resources:\n    + 2 created\n    1 unchanged (of 3)\n";
    expect(lineNotPrinted(["Resources:", "  + 2 created"], printed)).toBeUndefined();
    expect(lineNotPrinted(["…", "1 unchanged (of …)"], printed)).toBeUndefined();
    expect(lineNotPrinted(["Resources:", "+ 3 created"], printed)).toBe("+ 3 created");
    expect(lineNotPrinted(["+ 2 created", "Resources:"], printed)).toBe("Resources:");
    expect(lineNotPrinted(["1 unchanged"], printed)).toBe("1 unchanged");
    expect(lineNotPrinted(["1 unchanged (of 3)", "1 unchanged (of 3)"], printed)).toBe("1 unchanged (of 3)");
  });
});
