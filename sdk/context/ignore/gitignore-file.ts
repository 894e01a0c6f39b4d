import type { IgnoreRule } from "./rule.ts";

/** The line boundaries of Python's `str.splitlines`: the service's Python client splits the file with it. */
const LINE_BOUNDARY = /\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/;

/** The lines of an ignore file read with Git's rules, one rule each (blank lines and comments too). */
export function readGitignoreLines(text: string, file: string): IgnoreRule[] {
  return text.split(LINE_BOUNDARY).map((pattern, index) => ({ pattern, file, line: index + 1 }));
}
