import { markError } from "../../errors.ts";
import { DockerError } from "./docker-error.ts";

/** Registry credentials could not be read or obtained. Code `registry_credentials`. */
export class RegistryCredentialsError extends DockerError {
  static {
    markError(this, "RegistryCredentialsError");
  }

  /** Whether the same request may succeed later: the cloud was not reached, or failed on its own side. */
  readonly retryable: boolean;

  constructor(
    message: string,
    cause?: unknown,
    facts: {
      /** @default false */
      retryable?: boolean;
    } = {},
  ) {
    super(message, { code: "registry_credentials", cause });
    this.retryable = facts.retryable ?? false;
  }
}
