import { check, like } from "../../arguments/index.ts";

/** Where an ignore rule stands, for messages: the file (relative to the context, or its path) and the line, from 1. */
export interface IgnoreRule {
  /** The line as written, without its line ending. */
  readonly pattern: string;
  /** The file it stands in; `undefined` for a pattern given as an option. */
  readonly file?: string;
  /** Its line in the file, or its position in the option, from 1. */
  readonly line: number;
}

const RULE = like("a rule", ({ line }) => typeof line === "number");

/**
 * `.dockerignore:3`, or `ignorePatterns[2]` for a pattern given as an option.
 *
 * @example
 * ```ts
 * const matcher = createIgnoreMatcher({ file: { name: ".dockerignore", text: "node_modules\n*.log\n" } });
 * ruleLocation(ruleFor(matcher, "debug.log")!); // ".dockerignore:2"
 * ```
 */
export function ruleLocation(rule: IgnoreRule): string {
  check("ruleLocation", { rule: RULE }, { rule });
  return rule.file === undefined ? `ignorePatterns[${rule.line - 1}]` : `${rule.file}:${rule.line}`;
}

/** The "file" of the exceptions that keep the Dockerfile and the ignore file in the context. */
export const ALWAYS_SENT = "(always sent)";

/** How ignore patterns are read: Docker's rules (moby's matcher) or Git's (as the service's Python client reads them). */
export type IgnoreSyntax = "docker" | "gitignore";

/** Where ignore rules come from, and how they are read. */
export interface IgnoreSource {
  /** @default `docker` */
  syntax?: IgnoreSyntax;
  /** An ignore file: its text, and its name for messages and explanations. */
  file?: { name: string; text: string };
  /** More patterns, read after the file's. */
  patterns?: readonly string[];
  /**
   * Paths that are sent whatever the rules say.
   *
   * @default none
   */
  alwaysSent?: readonly string[];
}
