import { InvalidRequestError, ServiceError } from "../../errors.ts";
import { type GuestCommandTimeoutError, GuestNotRunningError } from "../guests/driver-errors.ts";
import type { MachineDriver } from "../guests/machine-driver.ts";
import { MachineNotReadyError } from "./errors.ts";
import type { MachineService, RunningMachine } from "./machine-service.ts";

/** What working in machines needs. */
export interface GuestAccess {
  readonly service: MachineService;
  readonly driver: MachineDriver;
}

/** 504 `exec_timeout`: the command was killed when its time was up. */
export class ExecTimedOutError extends ServiceError {
  constructor(command: string, timeoutSecs: number, cause: GuestCommandTimeoutError) {
    const { stdout, stderr, killed } = cause;
    super(
      `"${command}" did not end within ${timeoutSecs} s and was ${killed ? "killed" : "given up (it may still run: the image has no shell to kill it with)"}.`,
      {
        code: "exec_timeout",
        status: 504,
        retryable: false,
        suggestedAction: "Raise timeout_secs, or run it in the background.",
        details: { stdout, stderr },
        cause,
      },
    );
  }
}

/** 400 `invalid_request`: the folder that a command is to begin in is not there, so it did not run. */
export class NoSuchFolderError extends InvalidRequestError {
  constructor(cwd: string) {
    super(`cwd: there is no folder "${cwd}" in the machine that its user may enter. The command was not run.`, {
      suggestedAction: "Make the folder first: POST /v1/machines/{id}/files/mkdir.",
    });
  }
}

/**
 * Works in a machine, which is in use as long as that takes. A paused machine that resumes by itself is resumed first.
 *
 * @param action what is done, for the error when the machine does not run: `run a command`
 */
export async function inMachine<Result>(
  { service }: GuestAccess,
  machineId: string,
  action: string,
  work: (running: RunningMachine) => Promise<Result>,
): Promise<Result> {
  const machine = service.get(machineId);
  if (machine.status === "paused" && machine.autoResume === 1) await service.resume(machineId);
  const running = service.running(machineId, action);
  return service.inUse(machineId, async () => {
    try {
      return await work(running);
    } catch (error) {
      if (error instanceof GuestNotRunningError) throw new MachineNotReadyError(machineId, "no longer running", action);
      throw error;
    }
  });
}
