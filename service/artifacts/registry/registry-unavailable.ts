import { RegistryCredentialsError } from "pulumi-nullspace/docker";
import { EngineUnavailableError } from "../../errors.ts";
import { RegistryAwayError, RegistryError } from "./registry-errors.ts";
import { RepositoryTakenError } from "./repository-owner.ts";

const AWAY =
  "Start the registry, or see why this service does not reach it; waiting builds then continue on their own.";
const REFUSED =
  "Give this service credentials that may pull, push and delete there (--registry-user, or the Docker configuration of its user).";

/**
 * The errors of the own registry as the seams tell them: one that is away, one that does not let this service in, and a repository that
 * is another service's, are nothing that a caller can do something about. Others are passed on.
 */
export function ownRegistryFailure(error: unknown): unknown {
  if (error instanceof RegistryAwayError) {
    return new EngineUnavailableError(error.message, { suggestedAction: AWAY, cause: error });
  }
  if (error instanceof RepositoryTakenError) {
    return new EngineUnavailableError(error.message, { suggestedAction: error.advice, cause: error });
  }
  if (error instanceof RegistryCredentialsError || (error instanceof RegistryError && error.isAboutCredentials)) {
    return new EngineUnavailableError(error.message, { suggestedAction: REFUSED, cause: error });
  }
  return error;
}
