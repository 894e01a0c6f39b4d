/** Unicode White_Space, which is what Go's `strings.TrimSpace` removes (JavaScript's `trim` differs: BOM, U+0085). */
const SPACE = "\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const LEADING_SPACE = new RegExp(`^[${SPACE}]+`, "u");

/** Removes white space from both ends, as Go's `strings.TrimSpace` does. */
export function trimSpace(text: string): string {
  const trimmed = text.replace(LEADING_SPACE, "");
  // Not a regular expression for the end: `[ ]+$` is quadratic on a long run of blanks inside the text.
  let end = trimmed.length;
  while (end > 0 && LEADING_SPACE.test(trimmed[end - 1]!)) end--;
  return trimmed.slice(0, end);
}

/**
 * The shortest equal path by text alone, as Go's `path.Clean` defines it: no doubled or trailing slash, no `.`, and `..`
 * taken together with what stands before it. The empty path is `.`.
 */
export function cleanPath(path: string): string {
  const isRooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isRooted) parts.push("..");
  }
  return (isRooted ? "/" : "") + parts.join("/") || ".";
}
