import { markError, NullspaceError } from "../../sdk/errors.ts";

/** The command line itself is wrong: an unknown option, a missing argument, a value that does not parse. Exit code 2. */
export class UsageError extends NullspaceError {
  // Whoever tells the error is a file of its own in what is shipped, with its own copy of this class.
  static {
    markError(this, "UsageError");
  }

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, { code: options.code ?? "usage", cause: options.cause });
  }
}
