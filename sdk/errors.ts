/** Members that every error of the house may carry beside its message. */
export interface NullspaceErrorOptions {
  /** Stable machine code, lower snake case. */
  code: string;
  /** What led to this error. */
  cause?: unknown;
}

/**
 * Root of the errors that this package throws on purpose. `code` is stable; `message` is for people and says what
 * happened, to which thing, and what to do next. Match on the class or on `code`, never on the text.
 */
export class NullspaceError extends Error {
  /** Stable machine code, lower snake case. */
  readonly code: string;

  constructor(message: string, { code, cause }: NullspaceErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}
