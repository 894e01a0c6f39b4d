import { isJsonOfOthers, splitFlags, splitKeyword, splitWords } from "./words.ts";

const TAKES_JSON = new Set(["ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL", "VOLUME"]);

/** Why the parsers of all builders refuse the instruction, whatever it means; `undefined` when they do not. */
export function refusalOf(
  { keyword, argument }: { keyword: string; argument: string },
  escape: string,
): string | undefined {
  const { rest } = splitFlags(argument, escape);
  if (keyword === "ONBUILD") {
    const inner = splitKeyword(rest);
    return refusalOf({ keyword: inner.keyword.toUpperCase(), argument: inner.argument }, escape);
  }
  if (keyword === "ENV" || keyword === "LABEL") return refusalOfPairs(keyword, rest, escape);
  const words = keyword === "HEALTHCHECK" ? splitKeyword(rest).argument : rest;
  return TAKES_JSON.has(keyword) && isJsonOfOthers(words) ? "the JSON form takes strings and nothing else" : undefined;
}

function refusalOfPairs(keyword: string, rest: string, escape: string): string | undefined {
  const words = splitWords(rest, escape);
  const [first] = words;
  if (first === undefined) return undefined;
  if (!first.includes("=")) return /[\t\v\f\r ]/.test(rest) ? undefined : `${keyword} needs a name and a value`;
  const odd = words.find((word) => !word.includes("="));
  return odd === undefined ? undefined : `${keyword} has no "=" in "${odd}"`;
}
