import { afterAll, describe, expect, it } from "vitest";
import { BuildKitParser } from "./buildkit/buildkit-parser.ts";
import { differencesIn, fuzzParser } from "./buildkit/compare-many.ts";
import { CORPUS } from "./buildkit/corpus.ts";

const parser = new BuildKitParser();
afterAll(() => parser[Symbol.asyncDispose]());

describe("our reading of a Dockerfile is BuildKit's", () => {
  it.each(CORPUS)("with $what", async ({ text }) => {
    for (const { ours, theirs } of await differencesIn(parser, [text])) expect(ours).toEqual(theirs);
  });

  // `npm run fuzz:dockerfile` makes others, and more of them.
  it("for 10,000 that are made of the grammar and of these", { timeout: 120_000 }, async () => {
    const texts = CORPUS.map(({ text }) => text).filter((text) => text.length < 2000);
    const { difference, accepted } = await fuzzParser(parser, texts, { seed: 20_261_129, count: 10_000 });
    expect(difference?.text).toBeUndefined();
    // What is refused says little: enough of them must be Dockerfiles.
    expect(accepted).toBeGreaterThan(4000);
  });
});
