import { markError, NullspaceError } from "../../errors.ts";

/** Root of the errors of the Docker floor. */
export class DockerError extends NullspaceError {
  static {
    markError(this, "DockerError");
  }
}
