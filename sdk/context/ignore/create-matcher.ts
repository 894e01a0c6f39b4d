import { anyText, check, listOf, oneOf, options as optionsOf, required } from "../../arguments/index.ts";
import { InvalidIgnorePatternError } from "../errors.ts";
import { type DockerLine, MAX_LINE_BYTES, normalizePattern, readDockerignore } from "./docker-ignorefile.ts";
import { dockerMatcher, type DockerRule } from "./docker-matcher.ts";
import { compileDockerPattern } from "./docker-pattern.ts";
import { compileRule, optionRules } from "./compile-rule.ts";
import { createGitignoreMatcher } from "./create-gitignore-matcher.ts";
import type { IgnoreSource } from "./rule.ts";
import type { IgnoreMatcher } from "./matcher.ts";

const SOURCE = optionsOf<IgnoreSource>({
  syntax: oneOf("docker", "gitignore"),
  file: optionsOf<{ name: unknown; text: unknown }>({ name: required(anyText), text: required(anyText) }),
  patterns: listOf(anyText, "texts"),
  alwaysSent: listOf(anyText, "paths"),
});

/**
 * Compiles ignore rules. Ask it about paths with `ruleFor`, or walk with its cursors.
 *
 * @throws InvalidIgnorePatternError naming file and line
 * @example
 * ```ts
 * const matcher = createIgnoreMatcher({ patterns: ["*.log", "!keep.log"] });
 * ruleFor(matcher, "a.log")?.pattern; // "*.log"
 * ```
 */
export function createIgnoreMatcher(source: IgnoreSource): IgnoreMatcher {
  check("createIgnoreMatcher", { source: SOURCE }, { source });
  const { syntax = "docker", alwaysSent = [] } = source;
  if (syntax === "docker") return dockerMatcher(dockerRules(source), alwaysSent);
  return createGitignoreMatcher(source);
}

function dockerRules({ file, patterns = [] }: IgnoreSource): DockerRule[] {
  const lines: DockerLine[] = file ? readDockerignore(file.text, file.name) : [];
  for (const rule of optionRules(patterns)) {
    const pattern = normalizePattern(rule.pattern);
    if (pattern !== undefined) lines.push({ rule, pattern });
  }
  const rules: DockerRule[] = [];
  for (const { rule, pattern } of lines) {
    if (Buffer.byteLength(rule.pattern) >= MAX_LINE_BYTES) {
      throw new InvalidIgnorePatternError(rule, `the line is longer than ${MAX_LINE_BYTES} bytes`);
    }
    const compiled = compileRule(rule, () => compileDockerPattern(pattern));
    if (compiled) rules.push({ rule, pattern: compiled });
  }
  return rules;
}
