import { EngineTimeoutError, type EngineAwayError } from "pulumi-nullspace/docker";
import { EngineUnavailableError } from "../../errors.ts";

/** What a caller is told when the engine is away; a frozen one has its own advice in the message. */
export function engineUnavailable(cause: EngineAwayError): EngineUnavailableError {
  const isFrozen = cause instanceof EngineTimeoutError;
  const suggestedAction = "Restart Docker Engine if it does not answer by itself, and try again.";
  return new EngineUnavailableError(cause.message, { cause, ...(isFrozen && { suggestedAction }) });
}
