import { ServiceError } from "../../errors.ts";
import { MachineImageMissingError, MachineRefusedError } from "../guests/driver-errors.ts";

/**
 * A machine that was asked for did not come up. 400 `invalid_request` when the engine calls what was asked for impossible,
 * 503 `capacity_exceeded` when it failed at it, which may pass; else 409 `machine_start_failed`: its template
 * starts no machine now, and asking again starts the same failure again.
 */
export class MachineStartFailedError extends ServiceError {
  /** Whether the image of its template is not on the engine. */
  readonly isImageMissing: boolean;

  constructor(template: string, cause: Error) {
    super(`No machine of "${template}" could be started: ${cause.message}`, { ...verdictOn(cause), cause });
    this.isImageMissing = cause instanceof MachineImageMissingError;
  }
}

function verdictOn(cause: Error) {
  if (!(cause instanceof MachineRefusedError) || !(cause.isImpossible || cause.mayPass)) {
    const suggestedAction = "Correct the start command or the readiness check of the template, and build it again.";
    return { code: "machine_start_failed", status: 409, retryable: false, suggestedAction };
  }
  if (cause.isImpossible) {
    const suggestedAction = "Ask for another size, or correct the template: its user, its folder, its shell.";
    return { code: "invalid_request", status: 400, retryable: false, suggestedAction };
  }
  const suggestedAction = "Free memory or disk on the engine's host, and try again.";
  return { code: "capacity_exceeded", status: 503, retryable: true, suggestedAction };
}

/** 409 `machine_not_ready`: the machine exists and cannot do this now. */
export class MachineNotReadyError extends ServiceError {
  constructor(machineId: string, status: string, action: string) {
    super(`Machine ${machineId} is ${status}; it must be running to ${action}.`, {
      code: "machine_not_ready",
      status: 409,
      retryable: status === "creating",
      ...(status === "paused" && { suggestedAction: `Resume it first: POST /v1/machines/${machineId}/resume.` }),
    });
  }
}
