import { cleanPath, trimSpace } from "./go-path.ts";
import type { IgnoreRule } from "./rule.ts";

/** One line of a Docker ignore file that holds a pattern. */
export interface DockerLine {
  readonly rule: IgnoreRule;
  /** The pattern as moby's file reader hands it to its matcher. */
  readonly pattern: string;
}

/** A longer line is refused by moby's reader (Go's `bufio.Scanner`), which reads lines into 64 KiB. */
export const MAX_LINE_BYTES = 64 * 1024;

/**
 * Reads a Docker ignore file as moby's `ignorefile` does: a BOM is dropped, `#` in the first column starts a comment,
 * blanks around a pattern and after its `!` go, the path is cleaned and its leading slash removed.
 *
 * @param file name for messages
 */
export function readDockerignore(text: string, file: string): DockerLine[] {
  const lines: DockerLine[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, "")
    .split("\n")
    .entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.startsWith("#")) continue;
    const pattern = normalizePattern(line);
    if (pattern !== undefined) lines.push({ rule: { pattern: line, file, line: index + 1 }, pattern });
  }
  return lines;
}

/** The normal form of one pattern; `undefined` when it is blank. */
export function normalizePattern(line: string): string | undefined {
  const trimmed = trimSpace(line);
  if (trimmed === "") return undefined;
  const isException = trimmed.startsWith("!");
  let pattern = isException ? trimSpace(trimmed.slice(1)) : trimmed;
  if (pattern !== "") {
    pattern = cleanPath(pattern);
    if (pattern.length > 1 && pattern.startsWith("/")) pattern = pattern.slice(1);
  }
  return isException ? `!${pattern}` : pattern;
}
