/**
 * What a driver of machines throws, whatever runs them; beside these only `EngineUnavailableError`, when the host does not
 * answer.
 */
import { NullspaceError } from "pulumi-nullspace/sdk";
import { EngineUnavailableError } from "../../errors.ts";

/** Facts of a main process that ended. */
export interface MachineExitFacts {
  exitCode: number;
  /** Whether the kernel killed it because it ran out of memory. */
  outOfMemory: boolean;
  /** Why its host ended it, in the host's words; absent when it did not. */
  endedByHost?: string | undefined;
  /** Last lines that it wrote, oldest first. */
  logTail: readonly string[];
}

/** The main process of a machine ended while it was expected to live. Code `machine_exited`. */
export class MachineExitedError extends NullspaceError {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  readonly endedByHost: string | undefined;
  readonly logTail: readonly string[];

  constructor(facts: MachineExitFacts) {
    const why = facts.outOfMemory ? "it was killed because it ran out of memory: give it more" : "see its last lines";
    const message =
      facts.endedByHost === undefined
        ? `The start command ended with exit code ${facts.exitCode}; ${why}.`
        : `The machine was ended by its host: ${facts.endedByHost}`;
    super(`${message}${quoteTail(facts.logTail)}`, { code: "machine_exited" });
    this.exitCode = facts.exitCode;
    this.outOfMemory = facts.outOfMemory;
    this.endedByHost = facts.endedByHost;
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

/** The image of the artifact is not where its machines run. Code `machine_image_missing`. */
export class MachineImageMissingError extends NullspaceError {
  readonly imageId: string;

  /** @param is what is wrong with the image, after its name */
  constructor(templateId: string, imageId: string, cause?: unknown, is = "is no longer on the engine") {
    super(`The image ${imageId} of ${templateId} ${is}. Build the template again.`, {
      code: "machine_image_missing",
      cause,
    });
    this.imageId = imageId;
  }
}

/**
 * The account of the service may not do what it takes: the host's account says no to it whatever is asked for, as if it were away.
 * Code `engine_unavailable`.
 */
export class PermissionMissingError extends EngineUnavailableError {}

/** What {@link MachineRefusedError} is told beside the host's words. */
export interface RefusalFacts {
  isImpossible: boolean;
  mayPass: boolean;
  /** A quota of the host is used up. @default false */
  isQuota?: boolean;
  /** What makes guests on the host does not work. @default false */
  isControllerAway?: boolean;
  /** Who refuses. @default `engine` */
  by?: string;
  cause?: unknown;
}

/** The host refuses to make or start the guest. Code `machine_refused`. */
export class MachineRefusedError extends NullspaceError {
  /** It could never start what was asked for. */
  readonly isImpossible: boolean;
  /** The refusal may pass by itself (no memory, no disk). */
  readonly mayPass: boolean;
  /** A quota of the host is used up. */
  readonly isQuota: boolean;
  /** What makes guests on the host does not work. */
  readonly isControllerAway: boolean;

  constructor(reason: string, facts: RefusalFacts) {
    const { isImpossible, mayPass, isQuota = false, isControllerAway = false, by = "engine", cause } = facts;
    super(`The ${by} refused to start the machine: ${reason}`, { code: "machine_refused", cause });
    this.isImpossible = isImpossible;
    this.mayPass = mayPass;
    this.isQuota = isQuota;
    this.isControllerAway = isControllerAway;
  }
}

/** No guest of this name runs: it ended, was removed, or is frozen. Code `guest_not_running`. */
export class GuestNotRunningError extends NullspaceError {
  constructor(guestId: string, cause?: unknown) {
    super(`Guest ${guestId} does not run.`, { code: "guest_not_running", cause });
  }
}

/** The guest runs, so there is nothing to resume. Code `guest_not_paused`. */
export class GuestNotPausedError extends NullspaceError {
  constructor(guestId: string, cause?: unknown) {
    super(`Guest ${guestId} is not paused.`, { code: "guest_not_paused", cause });
  }
}

/** A command did not end in its time. Code `guest_command_timeout`. */
export class GuestCommandTimeoutError extends NullspaceError {
  /** What the command had written until then. */
  readonly stdout: string;
  readonly stderr: string;
  /** Whether its processes are known to be gone. */
  readonly killed: boolean;

  constructor(facts: { stdout: string; stderr: string; killed: boolean; message: string }, cause?: unknown) {
    super(facts.message, { code: "guest_command_timeout", cause });
    this.stdout = facts.stdout;
    this.stderr = facts.stderr;
    this.killed = facts.killed;
  }
}

function quoteTail(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${lines.map((line) => `  | ${line}`).join("\n")}`;
}
