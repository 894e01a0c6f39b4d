import { markError, NullspaceError } from "../errors.ts";

/** An argument of a call cannot be used; nothing was done, and nothing was sent. Code `invalid_request`. */
export class InvalidArgumentError extends NullspaceError {
  static {
    markError(this, "InvalidArgumentError");
  }

  /** The call and the argument in it, such as `Template.build: options.tags[1]`. */
  readonly argument: string;

  constructor(argument: string, problem: string, options: { cause?: unknown } = {}) {
    super(`${argument}: ${problem}`, { code: "invalid_request", cause: options.cause });
    this.argument = argument;
  }
}
