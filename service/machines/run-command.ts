import { EngineConflictError, EngineNotFoundError, ExecTimeoutError } from "pulumi-nullspace/docker";
import type { ExecRequest, ExecResult } from "pulumi-nullspace/sdk";
import { InvalidRequestError, ServiceError } from "../errors.ts";
import { MachineNotReadyError } from "./errors.ts";
import type { GuestCommandResult, MachineDriver } from "./machine-driver.ts";
import type { MachineService, RunningMachine } from "./machine-service.ts";
import { startProcess } from "./processes.ts";

/** Time of a command that names none; the contract's default. */
const DEFAULT_TIMEOUT_SECS = 30;

/** Longest time of one command; what takes longer belongs in the background. */
const MAX_TIMEOUT_SECS = 24 * 3600;

/** 504 `exec_timeout`: the command was killed when its time was up. */
export class ExecTimedOutError extends ServiceError {
  constructor(command: string, timeoutSecs: number, cause: ExecTimeoutError) {
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

/** What running commands stands on. */
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
  deps.service.touch(machineId);
  const command = {
    argv: argvOf(request),
    env: { ...(JSON.parse(machine.envs) as Record<string, string>), ...request.envs },
    ...((request.cwd ?? machine.cwd) != null && { cwd: (request.cwd ?? machine.cwd) as string }),
    timeoutMs: timeoutSecs * 1000,
    ...(signal && { signal }),
  };
  try {
    if (request.background) return { pid: await startProcess(deps.driver, guest.guestId, command) };
    const result = notFoundToStderr(await deps.driver.exec(guest.guestId, command));
    return { exit_code: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  } catch (error) {
    throw translate(error, machineId, request.command, timeoutSecs);
  } finally {
    deps.service.touch(machineId);
  }
}

async function runningMachine(service: MachineService, machineId: string): Promise<RunningMachine> {
  const machine = service.get(machineId);
  if (machine.status === "paused" && machine.autoResume === 1) await service.resume(machineId);
  return service.running(machineId, "run a command");
}

/** `shell` puts the command through `sh -c`; arguments are then quoted, so that they arrive as they are. */
export function argvOf(request: Pick<ExecRequest, "command" | "args" | "shell">): string[] {
  const args = request.args ?? [];
  if (!request.shell) return [request.command, ...args];
  const quoted = args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`);
  return ["sh", "-c", [request.command, ...quoted].join(" ")];
}

/** The engine reports a program that does not exist on standard output; a shell would say it on standard error. */
function notFoundToStderr(result: GuestCommandResult): GuestCommandResult {
  const isEngineSpeaking =
    (result.exitCode === 126 || result.exitCode === 127) && result.stdout.startsWith("OCI runtime exec failed");
  if (!isEngineSpeaking) return result;
  return { exitCode: result.exitCode, stdout: "", stderr: `${result.stdout.trim()}\n${result.stderr}` };
}

function translate(error: unknown, machineId: string, command: string, timeoutSecs: number): unknown {
  if (error instanceof ExecTimeoutError) return new ExecTimedOutError(command, timeoutSecs, error);
  if (error instanceof EngineNotFoundError || error instanceof EngineConflictError) {
    return new MachineNotReadyError(machineId, "not running any more", "run a command");
  }
  return error;
}
