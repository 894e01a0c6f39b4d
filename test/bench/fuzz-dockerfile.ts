/**
 * Makes Dockerfiles for as long as it is told, and compares what `sdk/dockerfile` reads in them with what BuildKit's own
 * parser does: `npm run fuzz:dockerfile -- [minutes] [seed]`.
 *
 * The tests do the same for 10,000 of them. Ends with 1 at the first batch that holds a difference, and prints the
 * shortest of it.
 */
import { inspect } from "node:util";
import { BuildKitParser } from "../unit/dockerfile/buildkit/buildkit-parser.ts";
import { fuzzParser } from "../unit/dockerfile/buildkit/compare-many.ts";
import { CORPUS } from "../unit/dockerfile/buildkit/corpus.ts";

const [minutes = "10", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
if (!(Number(minutes) > 0) || !Number.isSafeInteger(Number(seed))) {
  console.error("usage: npm run fuzz:dockerfile -- [minutes] [seed]");
  process.exit(2);
}

/** Dockerfiles between two lines of report. */
const ROUND = 50_000;
const texts = CORPUS.map(({ text }) => text).filter((text) => text.length < 2000);
const endMs = Date.now() + Number(minutes) * 60_000;
await using parser = new BuildKitParser();
let count = 0;
let accepted = 0;
while (Date.now() < endMs && process.exitCode === undefined) {
  const round = await fuzzParser(parser, texts, { seed: Number(seed) + count, count: ROUND });
  count += ROUND;
  accepted += round.accepted;
  console.log(`${count} Dockerfiles from the seed ${seed}, ${accepted} of them valid`);
  if (round.difference === undefined) continue;
  console.log(`BuildKit reads this one otherwise: ${JSON.stringify(round.difference.text)}`);
  console.log(inspect(round.difference, { depth: null }));
  process.exitCode = 1;
}
