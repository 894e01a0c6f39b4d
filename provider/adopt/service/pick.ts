import { matchGoPattern } from "../../../sdk/context/ignore/go-match.ts";
import { PatternError } from "../../errors.ts";

/**
 * Those of the things that a pattern names: `*` stands for any text, `?` for a character, `[a-z]` for one of some. A thing is
 * picked when one of its names fits.
 *
 * @param patterns none: all things
 * @throws PatternError for a pattern that is malformed, or that fits nothing
 */
export function pick<Thing>(
  things: readonly Thing[],
  patterns: readonly string[],
  { what, namesOf }: { what: string; namesOf: (thing: Thing) => readonly string[] },
): Thing[] {
  if (patterns.length === 0) return [...things];
  const picked = new Set<Thing>();
  for (const pattern of patterns) {
    const fitting = things.filter((thing) => namesOf(thing).some((name) => fits(pattern, name, what)));
    if (fitting.length === 0) throw new PatternError(pattern, `there is no ${what} of that name`);
    for (const thing of fitting) picked.add(thing);
  }
  return things.filter((thing) => picked.has(thing));
}

/** Has the pattern characters that stand for others? */
export function isGlob(pattern: string): boolean {
  return /[*?[\\]/.test(pattern);
}

function fits(pattern: string, name: string, what: string): boolean {
  if (pattern === name) return true;
  // To Go a slash ends what a star stands for; names are no paths.
  const [asked, given] = [pattern, name].map((text) => text.replaceAll("/", "\0"));
  const matches = matchGoPattern(asked!, given!);
  if (matches === undefined) throw new PatternError(pattern, `it is not a pattern for the names of a ${what}`);
  return matches;
}
