import { compileRule, optionRules } from "./compile-rule.ts";
import { readGitignoreLines } from "./gitignore-file.ts";
import { gitignoreMatcher, type GitignoreRule } from "./gitignore-matcher.ts";
import { compileGitignorePattern } from "./gitignore-pattern.ts";
import type { IgnoreSource } from "./ignore-source.ts";
import type { IgnoreMatcher } from "./matcher.ts";

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
