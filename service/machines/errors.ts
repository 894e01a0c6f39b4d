import { EngineError } from "pulumi-nullspace/docker";
import { NullspaceError } from "pulumi-nullspace/sdk";
import { ServiceError } from "../errors.ts";

/** Facts of a main process that ended. */
export interface MachineExitFacts {
  exitCode: number;
  /** Whether the kernel killed it because it ran out of memory. */
  outOfMemory: boolean;
  /** Last lines that it wrote, oldest first. */
  logTail: readonly string[];
}

/** The main process of a machine ended while it was expected to live. Code `machine_exited`. */
export class MachineExitedError extends NullspaceError {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly logTail: readonly string[];

  constructor(facts: MachineExitFacts) {
    const why = facts.outOfMemory ? "it was killed because it ran out of memory: give it more" : "see its last lines";
    super(`The start command ended with exit code ${facts.exitCode}; ${why}.${quoteTail(facts.logTail)}`, {
      code: "machine_exited",
    });
    this.exitCode = facts.exitCode;
    this.outOfMemory = facts.outOfMemory;
    this.logTail = facts.logTail;
  }
}

/** Facts of a readiness check that never passed. */
export interface ReadinessTimeoutFacts {
  /** The check in words, e.g. `a listener on port 80`. */
  check: string;
  waitedMs: number;
  attempts: number;
  /** What the last attempt saw. */
  lastFailure: string;
  logTail: readonly string[];
}

/** The readiness check did not pass in its time. Code `readiness_timeout`. */
export class ReadinessTimeoutError extends NullspaceError {
  readonly check: string;
  readonly waitedMs: number;
  readonly attempts: number;
  readonly lastFailure: string;
  readonly logTail: readonly string[];

  constructor(facts: ReadinessTimeoutFacts) {
    super(
      `Waited ${(facts.waitedMs / 1000).toFixed(1)} s for ${facts.check}, without success: ${facts.lastFailure} ` +
        `(${facts.attempts} tries). Correct the start command or the check, or raise its timeout_secs.` +
        quoteTail(facts.logTail),
      { code: "readiness_timeout" },
    );
    this.check = facts.check;
    this.waitedMs = facts.waitedMs;
    this.attempts = facts.attempts;
    this.lastFailure = facts.lastFailure;
    this.logTail = facts.logTail;
  }
}

/** The image of the artifact is not on the engine. Code `machine_image_missing`. */
export class MachineImageMissingError extends NullspaceError {
  readonly imageId: string;

  constructor(templateId: string, imageId: string, cause?: unknown) {
    super(`The image ${imageId} of ${templateId} is not on the engine any more. Build the template again.`, {
      code: "machine_image_missing",
      cause,
    });
    this.imageId = imageId;
  }
}

/** The engine refuses to make or start the container. Code `machine_refused`. */
export class MachineRefusedError extends NullspaceError {
  constructor(reason: string, cause?: unknown) {
    super(`The engine refused to start the machine: ${reason}`, { code: "machine_refused", cause });
  }
}

/**
 * A machine that was asked for did not come up. 400 `invalid_request` when the engine calls what was asked for impossible,
 * 503 `capacity_exceeded` when the engine failed at it, which may pass; else 409 `machine_start_failed`: its template
 * starts no machine now, and asking again starts the same failure again.
 */
export class MachineStartFailedError extends ServiceError {
  constructor(template: string, cause: Error) {
    super(`No machine of "${template}" could be started: ${cause.message}`, { ...verdictOn(cause), cause });
  }
}

function verdictOn(cause: Error) {
  const engineStatus =
    cause instanceof MachineRefusedError && cause.cause instanceof EngineError ? cause.cause.status : undefined;
  if (engineStatus === undefined || (engineStatus !== 400 && engineStatus < 500)) {
    const suggestedAction = "Correct the start command or the readiness check of the template, and build it again.";
    return { code: "machine_start_failed", status: 409, retryable: false, suggestedAction };
  }
  if (engineStatus === 400) {
    const suggestedAction = "Ask for another size, or correct the template: its user, its folder, its shell.";
    return { code: "invalid_request", status: 400, retryable: false, suggestedAction };
  }
  const suggestedAction = "Free memory or disk on the engine's host, and try again.";
  return { code: "capacity_exceeded", status: 503, retryable: true, suggestedAction };
}

/** 409 `machine_not_ready`: the machine exists and cannot do this now. */
export class MachineNotReadyError extends ServiceError {
  constructor(machineId: string, status: string, action: string) {
    super(`Machine ${machineId} is ${status}; it must run to ${action}.`, {
      code: "machine_not_ready",
      status: 409,
      retryable: status === "creating",
      ...(status === "paused" && { suggestedAction: `Resume it first: POST /v1/machines/${machineId}/resume.` }),
    });
  }
}

function quoteTail(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${lines.map((line) => `  | ${line}`).join("\n")}`;
}
