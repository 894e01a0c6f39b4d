import { NullspaceError } from "../../sdk/errors.ts";

/** The command line itself is wrong: an unknown option, a missing argument, a value that does not parse. Exit code 2. */
export class UsageError extends NullspaceError {
  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, { code: options.code ?? "usage", cause: options.cause });
  }
}
