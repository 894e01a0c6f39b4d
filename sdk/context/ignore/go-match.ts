/**
 * Whether Go's `filepath.Match` accepts the pattern: moby asks it for its error alone before it compiles a pattern.
 * Malformed are an unclosed or empty class, a range without an end, and a backslash at the end.
 *
 * @see https://pkg.go.dev/path/filepath#Match
 */
export function isValidGoPattern(pattern: string): boolean {
  const text = Array.from(pattern);
  let at = 0;
  while (at < text.length) {
    const start = at;
    // A chunk ends at a `*` outside brackets. Only chunks are checked, so a class cannot reach across such a star.
    let inBrackets = false;
    for (; at < text.length && (inBrackets || text[at] !== "*"); at++) {
      if (text[at] === "\\") at += at + 1 < text.length ? 1 : 0;
      else if (text[at] === "[") inBrackets = true;
      else if (text[at] === "]") inBrackets = false;
    }
    if (!isValidChunk(text.slice(start, at))) return false;
    at++;
  }
  return true;
}

function isValidChunk(chunk: readonly string[]): boolean {
  for (let at = 0; at < chunk.length; at++) {
    if (chunk[at] === "\\") {
      if (++at >= chunk.length) return false;
    } else if (chunk[at] === "[") {
      const end = classEnd(chunk, at);
      if (end === undefined) return false;
      at = end;
    }
  }
  return true;
}

/** The index of the `]` that closes the class opened at `at`. */
function classEnd(chunk: readonly string[], at: number): number | undefined {
  let next = at + 1;
  if (chunk[next] === "^") next++;
  for (let ranges = 0; ; ranges++) {
    if (chunk[next] === "]" && ranges > 0) return next;
    const low = rangeEnd(chunk, next);
    if (low === undefined) return undefined;
    next = low;
    if (chunk[next] !== "-") continue;
    const high = rangeEnd(chunk, next + 1);
    if (high === undefined) return undefined;
    next = high;
  }
}

/** The index after one (possibly escaped) end of a range; something must follow it. */
function rangeEnd(chunk: readonly string[], at: number): number | undefined {
  if (at >= chunk.length || chunk[at] === "-" || chunk[at] === "]") return undefined;
  const end = chunk[at] === "\\" ? at + 2 : at + 1;
  return end < chunk.length ? end : undefined;
}
