import { InvalidArgumentError } from "../arguments/index.ts";
import { markError, NullspaceError } from "../errors.ts";

/** A builder was used wrongly; the call that did it throws, and `argument` names what is wrong. */
export class TemplateArgumentError extends InvalidArgumentError {
  static {
    markError(this, "TemplateArgumentError");
  }
}

/** A file or folder that the template needs cannot be taken into its build context. */
export class ContextSourceError extends NullspaceError {
  static {
    markError(this, "ContextSourceError");
  }

  /** Path on this machine. */
  readonly path: string;

  constructor(
    path: string,
    problem: string,
    options: {
      code: "source_not_found" | "source_unsupported" | "source_ignored" | "source_unreadable";
      cause?: unknown;
    },
  ) {
    super(`${path}: ${problem}`, options);
    this.path = path;
  }
}
