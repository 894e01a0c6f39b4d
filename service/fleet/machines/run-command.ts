import type { ExecRequest, ExecResult } from "pulumi-nullspace/sdk";
import { InvalidRequestError, ServiceError } from "../../errors.ts";
import { MachineNotReadyError } from "./errors.ts";
import { GuestCommandTimeoutError, GuestNotRunningError } from "../guests/driver-errors.ts";
import type { MachineDriver } from "../guests/machine-driver.ts";
import type { MachineService, RunningMachine } from "./machine-service.ts";
import { startProcess } from "./processes.ts";

/** Time of a command that names none; the contract's default. */
const DEFAULT_TIMEOUT_SECS = 30;

/** Longest time of one command; what takes longer belongs in the background. */
const MAX_TIMEOUT_SECS = 24 * 3600;

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

/** What running commands needs. */
export interface RunCommandDeps {
  readonly service: MachineService;
  readonly driver: MachineDriver;
}

/**
 * Runs a command in a machine, to its end or (`background`) only to its start. A paused machine that resumes by itself
 * is resumed first.
 */
export async function runCommand(
  deps: RunCommandDeps,
  machineId: string,
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<ExecResult | { pid: number }> {
  const timeoutSecs = request.timeout_secs ?? DEFAULT_TIMEOUT_SECS;
  if (timeoutSecs > MAX_TIMEOUT_SECS) {
    throw new InvalidRequestError(
      `timeout_secs is ${timeoutSecs}; at most ${MAX_TIMEOUT_SECS}. Run it in the background.`,
    );
  }
  const { machine, guest } = await runningMachine(deps.service, machineId);
  const command = {
    argv: argvOf(request, request.cwd ?? machine.cwd),
    env: { ...(JSON.parse(machine.envs) as Record<string, string>), ...request.envs },
    timeoutMs: Math.ceil(timeoutSecs * 1000),
    ...(signal && { signal }),
  };
  return deps.service.inUse(machineId, async () => {
    try {
      if (request.background)
        return { pid: await startProcess(deps.driver, guest.guestId, command, shownCommand(request)) };
      const result = await deps.driver.exec(guest.guestId, command);
      const { exitCode, stdout, stderr, truncated } = result;
      // Beyond the contract: told only when it is so.
      return { exit_code: exitCode, stdout, stderr, ...(truncated && { truncated }) };
    } catch (error) {
      throw translate(error, machineId, request.command, timeoutSecs);
    }
  });
}

async function runningMachine(service: MachineService, machineId: string): Promise<RunningMachine> {
  const machine = service.get(machineId);
  if (machine.status === "paused" && machine.autoResume === 1) await service.resume(machineId);
  return service.running(machineId, "run a command");
}

/**
 * Program and arguments as the machine runs them. `shell` puts the command through `sh -c`; arguments are then quoted, so
 * that they arrive as they are.
 *
 * Without it a shell still begins, and becomes the command: so a command or folder that does not exist is told on
 * standard error with the usual exit codes, where engines say it in ways of their own.
 */
export function argvOf(request: Pick<ExecRequest, "command" | "args" | "shell">, cwd: string | null): string[] {
  const { command, args = [], shell } = request;
  const quoted = args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`);
  const argv = shell ? ["sh", "-c", [command, ...quoted].join(" ")] : [command, ...args];
  if (cwd === null) return shell ? argv : ["sh", "-c", 'exec "$@"', "sh", ...argv];
  return ["sh", "-c", 'cd -- "$1" || exit 126; shift; exec "$@"', "sh", cwd, ...argv];
}

/** A command as a list of processes shows it. */
function shownCommand({ command, args = [] }: ExecRequest): string {
  return [command, ...args].join(" ");
}

function translate(error: unknown, machineId: string, command: string, timeoutSecs: number): unknown {
  if (error instanceof GuestCommandTimeoutError) return new ExecTimedOutError(command, timeoutSecs, error);
  if (error instanceof GuestNotRunningError) {
    return new MachineNotReadyError(machineId, "not running any more", "run a command");
  }
  return error;
}
