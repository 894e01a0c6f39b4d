import { EngineUnavailableError, TemplateNotFoundError } from "../../errors.ts";
import { MachineExitedError, MachineImageMissingError, MachineRefusedError } from "./driver-errors.ts";

/** Reasons of the contract that a failing start can lead to. */
export type FailureReason =
  | "no_eligible_hosts"
  | "artifact_not_ready"
  | "artifact_prewarm_failed"
  | "quota_exceeded"
  | "template_build_unavailable"
  | "controller_disabled";

/** What a failed start says about the pool. */
export interface MemberFailure {
  /** The engine is away: nothing is wrong with the member, and it is tried again as it is. */
  readonly engineAway: boolean;
  readonly reason: FailureReason;
  readonly message: string;
}

/** Sorts the error of a start: is it the engine, the artifact, or the machine itself? */
export function classifyFailure(error: Error): MemberFailure {
  const engineAway = error instanceof EngineUnavailableError;
  const { message } = error;
  if (error instanceof MachineRefusedError) {
    if (error.isQuota) return { engineAway, reason: "quota_exceeded", message };
    if (error.isControllerAway) return { engineAway, reason: "controller_disabled", message };
  }
  // Its host needed the room: nothing is wrong with the member.
  if (error instanceof MachineExitedError && error.endedByHost !== undefined) {
    return { engineAway, reason: "no_eligible_hosts", message };
  }
  if (engineAway || error instanceof MachineRefusedError) return { engineAway, reason: "no_eligible_hosts", message };
  if (error instanceof MachineImageMissingError) return { engineAway, reason: "artifact_not_ready", message };
  if (error instanceof TemplateNotFoundError) return { engineAway, reason: "template_build_unavailable", message };
  return { engineAway, reason: "artifact_prewarm_failed", message };
}
