import * as z from "zod";
import { ResourceNotFoundError, ServiceError } from "../../errors.ts";
import type { GuestCommand, GuestOutput, MachineDriver } from "../guests/machine-driver.ts";
import { NoSuchFolderError } from "./guest-access.ts";

/**
 * Background processes of a machine. Their record is in the machine itself, a folder for each: it lives exactly as long
 * as they can, and a restart of the service loses none. All is done with `sh` and the few tools of the smallest image.
 */
const FOLDER = "/tmp/.nullspace/processes";

/** Time for the short commands of this file. */
const TIMEOUT_MS = 15_000;

/** Exit code of these scripts for "there is no such process". */
const NO_SUCH_PROCESS = 44;

/** Exit code of the start for "there is no such folder". */
const NO_SUCH_FOLDER = 45;

/** One background process, as the contract lists it. */
export const BackgroundProcess = z
  .object({ pid: z.int(), command: z.string(), running: z.boolean() })
  .meta({ id: "BackgroundProcess" });
export type BackgroundProcess = z.infer<typeof BackgroundProcess>;

/** What a background process wrote, and its exit code once it has ended. */
export const ProcessLogs = z
  .object({ stdout: z.string(), stderr: z.string(), output: z.string(), exit_code: z.int().optional() })
  .meta({ id: "ProcessLogs" });
export type ProcessLogs = z.infer<typeof ProcessLogs>;

// Each command of the engine is a session of its own, so what it leaves behind is one process group, that of `$$`.
// The pipe for input is held open by the process itself (`<>`): the first writer does not end it by leaving.
// `$1` is the folder to begin in, empty for the image's; then how a list shows the command.
const START = `[ -z "$1" ] || cd -- "$1" 2>/dev/null || exit ${NO_SUCH_FOLDER}; shift
u=$(umask); umask 077; mkdir -p ${FOLDER} && d=$(mktemp -d ${FOLDER}/p.XXXXXX) && mkfifo "$d/in" || exit 1
printf '%s' "$1" >"$d/command"; shift; echo $$ >"$d/group"; : >"$d/out"; : >"$d/err"; umask "$u"
( "$@" <>"$d/in" >"$d/out" 2>"$d/err"; echo $? >"$d/exit" ) </dev/null >/dev/null 2>&1 &
echo $! >"$d/pid"; echo $!`;

const LIST = `for d in ${FOLDER}/p.*; do [ -f "$d/pid" ] || continue; read -r p <"$d/pid"
r=0; [ -f "$d/exit" ] || { kill -0 "$p" 2>/dev/null && r=1; }
printf '%s %s %s\\n' "$p" "$r" "$(tr '\\n' ' ' <"$d/command")"; done; true`;

/** Sets `d` to the folder of process `$1`. */
const FIND = `for d in ${FOLDER}/p.*; do [ -f "$d/pid" ] && read -r p <"$d/pid" && [ "$p" = "$1" ] && break; d=; done
[ -n "$d" ] || exit ${NO_SUCH_PROCESS}`;

/**
 * Starts a command that outlives the call.
 *
 * @param shown the command as a list shows it
 * @param cwd where it begins; `null`: in the image's folder
 * @returns its process id in the machine
 */
export async function startProcess(
  driver: MachineDriver,
  guestId: string,
  command: GuestCommand,
  shown: string,
  cwd: string | null,
): Promise<number> {
  const result = await driver.exec(guestId, {
    ...command,
    argv: ["sh", "-c", START, "sh", cwd ?? "", shown, ...command.argv],
    timeoutMs: TIMEOUT_MS,
  });
  const pid = Number.parseInt(result.stdout, 10);
  if (result.exitCode === 0 && pid > 0) return pid;
  if (result.exitCode === NO_SUCH_FOLDER) throw new NoSuchFolderError(cwd ?? "");
  throw new ServiceError(`"${shown}" could not be started: ${result.stderr.trim() || `exit code ${result.exitCode}`}`, {
    code: "exec_failed",
    status: 502,
    retryable: false,
    suggestedAction: "Background commands need sh, mktemp and mkfifo in the image, and a writable /tmp.",
  });
}

/** Background processes of a machine, those that ended too. */
export async function listProcesses(driver: MachineDriver, guestId: string): Promise<BackgroundProcess[]> {
  const { stdout } = await driver.exec(guestId, { argv: ["sh", "-c", LIST], timeoutMs: TIMEOUT_MS });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, running, command] = /^(\d+) ([01]) (.*)$/.exec(line) ?? [];
    if (pid === undefined || command === undefined) return [];
    return [{ pid: Number(pid), command: command.trimEnd(), running: running === "1" }];
  });
}

/** What a background process wrote so far. */
export async function readProcessLogs(driver: MachineDriver, guestId: string, pid: number): Promise<ProcessLogs> {
  // The exit code first: when it is there, the output is complete.
  const exit = await inProcess(driver, guestId, pid, '[ -f "$d/exit" ] && cat "$d/exit"; true');
  const { stdout, stderr } = await inProcess(driver, guestId, pid, 'cat "$d/out"; cat "$d/err" >&2');
  const exitCode = Number.parseInt(exit.stdout, 10);
  return { stdout, stderr, output: stdout + stderr, ...(!Number.isNaN(exitCode) && { exit_code: exitCode }) };
}

// Whether it has ended is looked at first: when it has, all that it wrote is there.
const FOLLOW = `echo found; o=1; e=1
while :; do x=; [ -f "$d/exit" ] && x=1; [ -n "$x" ] || kill -0 "$1" 2>/dev/null || x=1
n=$(wc -c <"$d/out"); [ "$n" -lt "$o" ] || { tail -c "+$o" "$d/out" | head -c "$((n - o + 1))"; o=$((n + 1)); }
n=$(wc -c <"$d/err"); [ "$n" -lt "$e" ] || { tail -c "+$e" "$d/err" | head -c "$((n - e + 1))" >&2; e=$((n + 1)); }
[ -z "$x" ] || { read -r c <"$d/exit" || c=137; exit "$c"; }
sleep 0.1 2>/dev/null || sleep 1; done`;

/** Longest time that a process is followed. */
const FOLLOW_MS = 24 * 3600_000;

/** Who follows a process. */
export interface ProcessFollower {
  readonly signal: AbortSignal;
  /** Called once, before any output. */
  readonly onFound: () => void | Promise<void>;
  readonly onOutput: (output: GuestOutput) => void | Promise<void>;
}

/**
 * Hands on what a background process wrote, and writes, until it ends.
 *
 * @returns its exit code
 */
export async function followProcess(
  driver: MachineDriver,
  guestId: string,
  pid: number,
  { signal, onFound, onOutput }: ProcessFollower,
): Promise<number> {
  const found = Buffer.from("found\n");
  const early: Buffer[] = [];
  let isFound = false;
  const { exitCode } = await driver.exec(guestId, {
    argv: ["sh", "-c", `${FIND}\n${FOLLOW}`, "sh", String(pid)],
    timeoutMs: FOLLOW_MS,
    signal,
    onOutput: async (output) => {
      if (isFound) return onOutput(output);
      // The two streams race to us: what is on the other one before the first line waits for it.
      if (output.stream === "stderr") return void early.push(Buffer.from(output.data));
      // The line is one write of the shell.
      if (!output.data.subarray(0, found.length).equals(found)) return;
      isFound = true;
      await onFound();
      for (const data of early.splice(0)) await onOutput({ stream: "stderr", data });
      const data = output.data.subarray(found.length);
      if (data.length > 0) await onOutput({ stream: "stdout", data });
    },
  });
  if (!isFound) throw noSuchProcess(pid);
  return exitCode;
}

/** Kills a background process and all that it started. One that has ended is left as it is. */
export async function killProcess(driver: MachineDriver, guestId: string, pid: number): Promise<void> {
  const kill = '[ -f "$d/exit" ] && exit 0; read -r g <"$d/group"; kill -9 -- "-$g" 2>/dev/null; echo 137 >"$d/exit"';
  await inProcess(driver, guestId, pid, kill);
}

/** Gives a background process something to read. */
export async function writeToProcess(driver: MachineDriver, guestId: string, pid: number, data: string): Promise<void> {
  const { exitCode } = await inProcess(driver, guestId, pid, '[ -f "$d/exit" ] && exit 1; cat >"$d/in"', data);
  if (exitCode === 0) return;
  throw new ServiceError(`Process ${pid} has ended; it no longer reads.`, {
    code: "conflict",
    status: 409,
    retryable: false,
  });
}

async function inProcess(driver: MachineDriver, guestId: string, pid: number, script: string, stdin?: string) {
  const argv = ["sh", "-c", `${FIND}\n${script}`, "sh", String(pid)];
  const result = await driver.exec(guestId, { argv, timeoutMs: TIMEOUT_MS, ...(stdin !== undefined && { stdin }) });
  if (result.exitCode !== NO_SUCH_PROCESS) return result;
  throw noSuchProcess(pid);
}

function noSuchProcess(pid: number): ResourceNotFoundError {
  return new ResourceNotFoundError("process_not_found", `There is no background process ${pid} in this machine.`);
}
