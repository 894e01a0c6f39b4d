import { markError, NullspaceError } from "../errors.ts";
import { type IgnoreRule, ruleLocation } from "./ignore/rule.ts";

/** Codes of the errors that reading, hashing or sending a build context can end with. */
export type ContextErrorCode =
  | "context_not_found"
  | "context_not_a_directory"
  | "dockerfile_not_found"
  | "dockerfile_unreadable"
  | "invalid_ignore_pattern"
  | "symlink_escapes_context"
  | "symlink_not_supported"
  | "symlink_broken"
  | "symlink_loop"
  | "source_not_found"
  | "source_outside_context"
  | "source_ignored"
  | "unsupported_entry"
  | "name_not_utf8"
  | "name_reserved"
  | "too_many_files"
  | "too_many_entries"
  | "context_too_large"
  | "file_too_large"
  | "unreadable"
  | "file_changed"
  | "entry_not_found";

/** Root of the errors of this floor. `path` is the entry or file that the error is about, where there is one. */
export class ContextError extends NullspaceError {
  static {
    markError(this, "ContextError");
  }

  declare readonly code: ContextErrorCode;
  readonly path: string | undefined;

  constructor(code: ContextErrorCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, { code, cause: options.cause });
    this.path = options.path;
  }
}

/** A pattern of an ignore file, or of `ignorePatterns`, is malformed. */
export class InvalidIgnorePatternError extends ContextError {
  static {
    markError(this, "InvalidIgnorePatternError");
  }

  readonly rule: IgnoreRule;

  constructor(rule: IgnoreRule, reason: string) {
    const message = `${ruleLocation(rule)}: the ignore pattern ${JSON.stringify(shorten(rule.pattern))} is malformed: ${reason}.`;
    super("invalid_ignore_pattern", message, { path: rule.file });
    this.rule = rule;
  }
}

/** A directory and what is in it, as a limit's error names it. */
export interface DirectoryWeight {
  readonly path: string;
  /** Files in it, at any depth; directories as well where their number is limited, too. */
  readonly files: number;
  readonly bytes: number;
}

/** The context goes over one of its limits. `largest` are the directories (or files) that weigh most. */
export class ContextLimitError extends ContextError {
  static {
    markError(this, "ContextLimitError");
  }

  readonly limit: number;
  readonly largest: readonly DirectoryWeight[];

  constructor(
    code: "too_many_files" | "too_many_entries" | "context_too_large" | "file_too_large",
    message: string,
    facts: { limit: number; largest: readonly DirectoryWeight[]; path?: string },
  ) {
    super(code, message, { path: facts.path });
    this.limit = facts.limit;
    this.largest = facts.largest;
  }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
