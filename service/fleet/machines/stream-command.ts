import { randomUUID } from "node:crypto";
import type { ExecRequest } from "pulumi-nullspace/sdk";
import { ServiceError } from "../../errors.ts";
import { GuestCommandTimeoutError } from "../guests/driver-errors.ts";
import type { GuestOutput } from "../guests/machine-driver.ts";
import { ExecTimedOutError, inMachine, NoSuchFolderError, type GuestAccess } from "./guest-access.ts";
import { LiveCommand, type LiveCommands } from "./live-commands.ts";
import { followProcess } from "./processes.ts";
import { argvOf, checkArguments, commandEnv, commandTimeoutSecs, shownCommand } from "./run-command.ts";

/** Exit code of a command that was killed: 128 and SIGKILL. */
const KILLED = 137;

/** Whoever a command is streamed to. */
export interface CommandStream {
  /** Called first, with the command's process id in the machine. */
  started(pid: number, command: LiveCommand | undefined): void | Promise<void>;
  /** Called with each piece of output, in order; the next comes when it is done. The bytes last as long as the call. */
  output(output: GuestOutput): void | Promise<void>;
  /** Aborts when nobody listens any more; the command is killed then. */
  readonly gone: AbortSignal;
}

/** What streaming commands needs. */
export interface StreamAccess extends GuestAccess {
  readonly live: LiveCommands;
}

/**
 * Runs a command and hands its output on as it comes. Its input stays open until it is closed.
 *
 * @returns its exit code; 137 when it was killed
 * @throws ExecTimedOutError; NoSuchFolderError; InvalidRequestError; the reason of `gone`
 */
export async function streamCommand(
  access: StreamAccess,
  machineId: string,
  request: ExecRequest,
  stream: CommandStream,
): Promise<number> {
  const timeoutSecs = commandTimeoutSecs(request);
  checkArguments(request);
  return inMachine(access, machineId, "run a command", async ({ machine, guest }) => {
    const cwd = request.cwd ?? machine.cwd;
    const command = new LiveCommand(machineId, shownCommand(request));
    const token = randomUUID();
    // The shell becomes the command, so its process id is the command's.
    const begin =
      '[ -z "$2" ] || cd -- "$2" 2>/dev/null || { echo "$1 -"; exit 126; }; echo "$1 $$"; shift 2; exec "$@"';
    const head = new Head(token);
    const early: Buffer[] = [];
    const pass = (output: GuestOutput): void | Promise<void> => {
      command.keep(output.stream, output.data);
      return stream.output(output);
    };
    let exitCode = KILLED;
    try {
      const result = await access.driver.exec(guest.guestId, {
        argv: ["sh", "-c", begin, "sh", token, cwd ?? "", ...argvOf(request)],
        env: commandEnv(machine, request),
        stdin: command.stdin,
        timeoutMs: Math.ceil(timeoutSecs * 1000),
        signal: AbortSignal.any([stream.gone, command.killed]),
        onOutput: async (output) => {
          if (command.pid === 0) {
            // The two streams race to us: what is on the other one before the first line waits for it.
            if (output.stream === "stderr") return void early.push(Buffer.from(output.data));
            const rest = head.add(output);
            if (rest === undefined) return;
            if (head.pid === undefined) throw new NoSuchFolderError(cwd ?? "");
            command.pid = head.pid;
            access.live.add(command);
            await stream.started(command.pid, command);
            for (const data of early.splice(0)) await pass({ stream: "stderr", data });
            if (rest.length > 0) await pass({ stream: "stdout", data: rest });
            return;
          }
          await pass(output);
        },
      });
      exitCode = result.exitCode;
      if (command.pid === 0) throw notStarted(request.command, head.text || Buffer.concat(early).toString());
    } catch (error) {
      if (error instanceof GuestCommandTimeoutError) throw new ExecTimedOutError(request.command, timeoutSecs, error);
      if (!command.killed.aborted || stream.gone.aborted) throw error;
    } finally {
      access.live.ended(command, exitCode);
    }
    return exitCode;
  });
}

/**
 * Hands on what a background process wrote and goes on to write, until it ends. That nobody listens any more does not end it.
 *
 * @returns its exit code
 * @throws ResourceNotFoundError `process_not_found`; the reason of `gone`
 */
export async function streamProcess(
  access: StreamAccess,
  machineId: string,
  pid: number,
  stream: CommandStream,
): Promise<number> {
  return inMachine(access, machineId, "show its processes", async ({ guest }) => {
    let isStarted = false;
    const begun = async (): Promise<void> => {
      if (!isStarted) await stream.started(pid, undefined);
      isStarted = true;
    };
    return followProcess(access.driver, guest.guestId, pid, {
      signal: stream.gone,
      onFound: begun,
      onOutput: (output) => stream.output(output),
    });
  });
}

/** The first line of what comes: the command's process id, or that its folder is not there. */
class Head {
  readonly #token: string;
  text = "";
  pid: number | undefined;

  constructor(token: string) {
    this.#token = token;
  }

  /** @returns what came after the line; `undefined` while it is not complete */
  add({ data }: GuestOutput): Buffer | undefined {
    // In latin1 a character is a byte, whatever follows the line.
    this.text += data.toString("latin1");
    const [, pid] = new RegExp(`^${this.#token} (\\d+|-)\\n`).exec(this.text) ?? [];
    if (pid === undefined) {
      this.text = this.text.slice(0, 4096);
      return undefined;
    }
    if (pid !== "-") this.pid = Number(pid);
    return Buffer.from(this.text.slice(this.#token.length + pid.length + 2), "latin1");
  }
}

function notStarted(command: string, said: string): ServiceError {
  return new ServiceError(`"${command}" could not be started: ${said.trim() || "the engine gives no reason"}`, {
    code: "exec_failed",
    status: 502,
    retryable: false,
    suggestedAction: "Streamed commands need sh in the image.",
  });
}
