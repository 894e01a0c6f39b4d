import { compileRule, optionRules } from "./compile-rule.ts";
import { gitignoreMatcher, type GitignoreRule } from "./gitignore-matcher.ts";
import { compileGitignorePattern } from "./gitignore-pattern.ts";
import type { IgnoreMatcher } from "./matcher.ts";
import type { IgnoreRule, IgnoreSource } from "./rule.ts";

/**
 * Compiles ignore rules in Git's syntax. In a file of its own: Docker's syntax is twice as much to load.
 *
 * @throws InvalidIgnorePatternError naming file and line
 */
export function createGitignoreMatcher({
  file,
  patterns = [],
  alwaysSent = [],
}: Omit<IgnoreSource, "syntax">): IgnoreMatcher {
  const rules: GitignoreRule[] = [];
  for (const rule of [...(file ? readGitignoreLines(file.text, file.name) : []), ...optionRules(patterns)]) {
    const compiled = compileRule(rule, () => compileGitignorePattern(rule.pattern));
    if (compiled) rules.push({ rule, pattern: compiled });
  }
  return gitignoreMatcher(rules, alwaysSent);
}

/** The line boundaries of Python's `str.splitlines`: the service's Python client splits the file with it. */
const LINE_BOUNDARY = /\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/;

/** The lines of an ignore file read with Git's rules, one rule each (blank lines and comments too). */
function readGitignoreLines(text: string, file: string): IgnoreRule[] {
  return text.split(LINE_BOUNDARY).map((pattern, index) => ({ pattern, file, line: index + 1 }));
}
