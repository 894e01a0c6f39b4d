import { randomUUID } from "node:crypto";
import type { ExecRequest, ExecResult } from "pulumi-nullspace/sdk";
import { EXEC_DEFAULTS } from "pulumi-nullspace/wire";
import { InvalidRequestError } from "../../errors.ts";
import type { MachineRow } from "../../store/machines.ts";
import { GuestCommandTimeoutError } from "../guests/driver-errors.ts";
import { ExecTimedOutError, inMachine, NoSuchFolderError, type GuestAccess } from "./guest-access.ts";
import { startProcess } from "./processes.ts";

/** Longest time of one command; what takes longer belongs in the background. */
const MAX_TIMEOUT_SECS = 24 * 3600;

/**
 * Runs a command in a machine, to its end or (`background`) only to its start.
 *
 * @throws ExecTimedOutError; NoSuchFolderError when its `cwd` is not there; InvalidRequestError
 */
export async function runCommand(
  access: GuestAccess,
  machineId: string,
  request: ExecRequest,
  signal?: AbortSignal,
): Promise<ExecResult | { pid: number }> {
  const timeoutSecs = commandTimeoutSecs(request);
  checkArguments(request);
  return inMachine(access, machineId, "run a command", async ({ machine, guest }) => {
    const cwd = request.cwd ?? machine.cwd;
    const command = {
      argv: argvOf(request),
      env: commandEnv(machine, request),
      timeoutMs: Math.ceil(timeoutSecs * 1000),
      ...(signal && { signal }),
    };
    try {
      if (request.background) {
        return { pid: await startProcess(access.driver, guest.guestId, command, shownCommand(request), cwd) };
      }
      const gone = `no folder ${randomUUID()}`;
      const argv = cwd === null ? command.argv : inFolder(command.argv, cwd, gone);
      const { exitCode, stdout, stderr, truncated } = await access.driver.exec(guest.guestId, { ...command, argv });
      if (stdout === `${gone}\n`) throw new NoSuchFolderError(cwd ?? "");
      // Beyond the contract: told only when it is so.
      return { exit_code: exitCode, stdout, stderr, ...(truncated && { truncated }) };
    } catch (error) {
      if (error instanceof GuestCommandTimeoutError) throw new ExecTimedOutError(request.command, timeoutSecs, error);
      throw error;
    }
  });
}

/** How long a command may take. @throws InvalidRequestError when that is too long */
export function commandTimeoutSecs({ timeout_secs: asked }: ExecRequest): number {
  const timeoutSecs = asked ?? EXEC_DEFAULTS.timeout_secs;
  if (timeoutSecs <= MAX_TIMEOUT_SECS) return timeoutSecs;
  throw new InvalidRequestError(
    `timeout_secs is ${timeoutSecs}; at most ${MAX_TIMEOUT_SECS}. Run it in the background.`,
  );
}

/** @throws InvalidRequestError for a command line with arguments: whether they are part of it would be a guess */
export function checkArguments({ shell, args = [] }: ExecRequest): void {
  if (!shell || args.length === 0) return;
  throw new InvalidRequestError("shell and args cannot be used together.", {
    suggestedAction: "Put the arguments into the command, quoted for the shell; or leave shell out.",
  });
}

/** Variables of a command: those of the machine, and over them its own. */
export function commandEnv(machine: MachineRow, { envs }: ExecRequest): Record<string, string> {
  return { ...(JSON.parse(machine.envs) as Record<string, string>), ...envs };
}

/**
 * Program and arguments as the machine runs them. `shell` puts the command through `sh -c`.
 *
 * Without it a shell still begins, and becomes the command: so a command that does not exist is told on standard error with
 * the usual exit code, where engines say it in ways of their own.
 */
export function argvOf({ command, args = [], shell }: ExecRequest): string[] {
  return shell ? ["sh", "-c", command] : ["sh", "-c", 'exec "$@"', "sh", command, ...args];
}

/** The command in a folder. When that is not there, `gone` is all that it writes. */
function inFolder(argv: readonly string[], cwd: string, gone: string): string[] {
  const script = 'cd -- "$2" 2>/dev/null || { echo "$1"; exit 126; }; shift 2; exec "$@"';
  return ["sh", "-c", script, "sh", gone, cwd, ...argv];
}

/** A command as a list of processes shows it. */
export function shownCommand({ command, args = [] }: ExecRequest): string {
  return [command, ...args].join(" ");
}
