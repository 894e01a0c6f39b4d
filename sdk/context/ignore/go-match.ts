/**
 * Whether Go's `filepath.Match(pattern, ".")` accepts the pattern: moby asks it for its error alone before it compiles a
 * pattern. It only sees what it reaches before it knows that `.` does not match, so some malformed patterns pass; those
 * fail when their regular expression is compiled.
 *
 * @see https://pkg.go.dev/path/filepath#Match
 */
export function isValidGoPattern(pattern: string): boolean {
  return matchGoPattern(pattern, ".") !== undefined;
}

/**
 * Go's `filepath.Match` on Unix: the pattern must match the whole name, and neither `*` nor `?` matches a slash.
 *
 * @returns `undefined` where Go gives `ErrBadPattern`
 * @see https://pkg.go.dev/path/filepath#Match
 */
export function matchGoPattern(pattern: string, name: string): boolean | undefined {
  let left = Array.from(name);
  let rest = Array.from(pattern);
  while (rest.length > 0) {
    const { hasStar, chunk, after } = scanChunk(rest);
    rest = after;
    if (hasStar && chunk.length === 0) return !left.includes("/");
    const next = matchFrom(chunk, left, { hasStar, isLast: rest.length === 0 });
    if (next === "malformed") return undefined;
    if (!next) return false;
    left = next;
  }
  return left.length === 0;
}

/** Tries a chunk where it may begin: here; behind a star, also behind each character up to the next slash. */
function matchFrom(
  chunk: readonly string[],
  name: readonly string[],
  { hasStar, isLast }: { hasStar: boolean; isLast: boolean },
): string[] | "malformed" | undefined {
  for (let start = 0; start <= name.length; start++) {
    const left = matchChunk(chunk, name.slice(start));
    if (left === "malformed") return left;
    if (left && (left.length === 0 || !isLast)) return left;
    if (!hasStar || name[start] === "/") return undefined;
  }
  return undefined;
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
    if (character === undefined || (isWildcard ? character === "/" : chunk[at] !== character)) left = undefined;
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
