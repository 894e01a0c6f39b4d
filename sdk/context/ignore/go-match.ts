/**
 * Whether Go's `filepath.Match(pattern, ".")` accepts the pattern: moby asks it for its error alone before it compiles a
 * pattern. It only sees what it reaches before it knows that `.` does not match, so some malformed patterns pass; those
 * fail when their regular expression is compiled.
 *
 * @see https://pkg.go.dev/path/filepath#Match
 */
export function isValidGoPattern(pattern: string): boolean {
  let name = ["."];
  let rest = Array.from(pattern);
  while (rest.length > 0) {
    const { hasStar, chunk, after } = scanChunk(rest);
    rest = after;
    if (hasStar && chunk.length === 0) return true;
    // Where the chunk may begin: here; behind a star, after the dot as well.
    const starts = hasStar && name.length > 0 ? [name, []] : [name];
    let left: string[] | undefined;
    for (const start of starts) {
      const match = matchChunk(chunk, start);
      if (match === "malformed") return false;
      if (match && (match.length === 0 || rest.length > 0)) {
        left = match;
        break;
      }
    }
    if (!left) return true;
    name = left;
  }
  return true;
}

/** Stars at the beginning, then everything up to the next star outside brackets. */
function scanChunk(pattern: readonly string[]): { hasStar: boolean; chunk: string[]; after: string[] } {
  let start = 0;
  while (pattern[start] === "*") start++;
  let at = start;
  for (let isInBrackets = false; at < pattern.length && (isInBrackets || pattern[at] !== "*"); at++) {
    if (pattern[at] === "\\") at += at + 1 < pattern.length ? 1 : 0;
    else if (pattern[at] === "[") isInBrackets = true;
    else if (pattern[at] === "]") isInBrackets = false;
  }
  return { hasStar: start > 0, chunk: pattern.slice(start, at), after: pattern.slice(at) };
}

/** @returns what of `name` is left after the chunk; `undefined` when it does not match (its syntax is still checked) */
function matchChunk(chunk: readonly string[], name: readonly string[]): string[] | "malformed" | undefined {
  let left: string[] | undefined = [...name];
  for (let at = 0; at < chunk.length;) {
    const character: string | undefined = left?.shift();
    if (character === undefined) left = undefined;
    if (chunk[at] === "[") {
      const parsed = parseClass(chunk, at + 1, character);
      if (!parsed) return "malformed";
      at = parsed.end;
      if (!parsed.isMatch) left = undefined;
      continue;
    }
    const isWildcard = chunk[at] === "?";
    if (chunk[at] === "\\") at++;
    if (at >= chunk.length) return "malformed";
    if (character === undefined || (!isWildcard && chunk[at] !== character)) left = undefined;
    at++;
  }
  return left;
}

/** A class, from after its opening bracket; `undefined` when it is malformed. */
function parseClass(
  chunk: readonly string[],
  from: number,
  character: string | undefined,
): { end: number; isMatch: boolean } | undefined {
  const isNegated = chunk[from] === "^";
  let at = isNegated ? from + 1 : from;
  let isInRange = false;
  for (let ranges = 0; chunk[at] !== "]" || ranges === 0; ranges++) {
    const low = classCharacter(chunk, at);
    if (!low) return undefined;
    const high: ClassCharacter | undefined = chunk[low.end] === "-" ? classCharacter(chunk, low.end + 1) : low;
    if (!high) return undefined;
    if (character !== undefined && low.code <= codeOf(character) && codeOf(character) <= high.code) isInRange = true;
    at = high.end;
  }
  return { end: at + 1, isMatch: character !== undefined && isInRange !== isNegated };
}

interface ClassCharacter {
  readonly code: number;
  readonly end: number;
}

/** One (possibly escaped) end of a range; something must follow it. */
function classCharacter(chunk: readonly string[], at: number): ClassCharacter | undefined {
  if (at >= chunk.length || chunk[at] === "-" || chunk[at] === "]") return undefined;
  const place = chunk[at] === "\\" ? at + 1 : at;
  const character = chunk[place];
  return character === undefined || place + 1 >= chunk.length ? undefined : { code: codeOf(character), end: place + 1 };
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}
