import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { BuildKitParser } from "./buildkit-parser.ts";
import { arbitraryDockerfile } from "./arbitrary-dockerfile.ts";
import { compare, type Comparison } from "./compare.ts";

/** A text of which we say something else than BuildKit. */
export interface Difference extends Comparison {
  text: string;
}

/** Texts that BuildKit's parser is asked about at a time. */
const BATCH = 500;

/** Compares the readings of texts. @returns those that differ */
export async function differencesIn(parser: BuildKitParser, texts: readonly string[]): Promise<Difference[]> {
  const readings = await parser.read(texts);
  return texts
    .map((text, at) => ({ text, ...compare(text, readings[at]!) }))
    .filter(({ ours, theirs }) => !isDeepStrictEqual(ours, theirs));
}

/**
 * Makes Dockerfiles and compares their readings.
 *
 * @param corpus texts that some are made of by mutation
 * @returns the shortest text that differs, or `undefined`; and how many of the texts BuildKit's parser takes
 */
export async function fuzzParser(
  parser: BuildKitParser,
  corpus: readonly string[],
  { seed, count }: { seed: number; count: number },
): Promise<{ difference?: Difference; accepted: number }> {
  let accepted = 0;
  for (let done = 0; done < count; done += BATCH) {
    const texts = fc.sample(arbitraryDockerfile(corpus), {
      seed: seed + done,
      numRuns: Math.min(BATCH, count - done),
    });
    accepted += (await parser.read(texts)).filter(({ parseError }) => parseError === "").length;
    const [shortest] = (await differencesIn(parser, texts)).sort((a, b) => a.text.length - b.text.length);
    if (shortest !== undefined) return { difference: shortest, accepted };
  }
  return { accepted };
}
