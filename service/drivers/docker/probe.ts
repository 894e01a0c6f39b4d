import { EngineError, ExecTimeoutError } from "pulumi-nullspace/docker";
import type { Probe } from "../../fleet/guests/machine-driver.ts";
import { isGoodStatus } from "./ask-http.ts";
import { listeningPorts } from "./listening-ports.ts";
import { probeHttpFromHost } from "./probe-http.ts";
import type { ProbeResult, ProbeTry } from "./probe-try.ts";

/**
 * Reads the kernel's table of sockets with nothing but the shell's own commands: a server that listens on the machine's
 * loopback is seen too, and a probe leaves no connection in its log.
 */
const SHOW_SOCKETS =
  'for t in /proc/net/tcp /proc/net/tcp6; do [ -r "$t" ] && while read -r l; do echo "$l"; done <"$t"; done; true';

/**
 * Asks over HTTP from inside with what there is; prints the status. 97: there is nothing to ask with. wget gets no
 * timeout of its own: the try as a whole has one, and Debian's static busybox crashes on `-T`.
 */
const ASK_HTTP = `u="http://localhost:$1$2"
if command -v curl >/dev/null 2>&1; then curl -s -m "$3" -o /dev/null -w '%{http_code}' "$u"
elif command -v wget >/dev/null 2>&1; then if wget -q -O /dev/null "$u" 2>/dev/null; then echo 200; else exit 1; fi
elif command -v bash >/dev/null 2>&1; then bash -c 'exec 3<>"/dev/tcp/localhost/$0" || exit 1
printf "GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n" "$1" >&3; read -r -t "$2" v s r <&3; echo "$s"' "$1" "$2" "$3"
else exit 97; fi`;
const NO_HTTP_TOOL = 97;

/** Tries a check once: from the host where it sees enough, and else by a command in the machine. */
export async function tryProbe(probe: Probe, attempt: ProbeTry): Promise<ProbeResult> {
  try {
    if (probe.kind === "tcp") return await tryTcp(probe.port, attempt);
    if (probe.kind === "http") return await tryHttp(probe.port, probe.path, attempt);
    return await tryCommand(probe.command, attempt);
  } catch (error) {
    if (error instanceof ExecTimeoutError) return failed(`the try took longer than ${attempt.timeoutMs} ms`);
    // The engine will not run the try, mostly because the main process has ended: whoever waits for that says so, with
    // its exit code.
    if (error instanceof EngineError) return failed(error.engineMessage);
    throw error;
  }
}

async function tryTcp(port: number, attempt: ProbeTry): Promise<ProbeResult> {
  const seen = await attempt.view?.listens(port);
  if (seen !== undefined) return seen ? { ok: true } : nothingListens(port);
  const { exitCode, stdout, stderr } = await run(attempt, ["sh", "-c", SHOW_SOCKETS]);
  if (exitCode !== 0) return failed(`the sockets cannot be read: ${lastLine(stderr) || `exit code ${exitCode}`}`);
  return listeningPorts(stdout).has(port) ? { ok: true } : nothingListens(port);
}

async function tryHttp(port: number, path: string, attempt: ProbeTry): Promise<ProbeResult> {
  const seen = await attempt.view?.listens(port);
  if (seen === false) return nothingListens(port);
  if (seen && (await attempt.view?.isSeenReady({ kind: "http", port, path }))) return { ok: true };
  const seconds = String(Math.max(1, Math.floor(attempt.timeoutMs / 1000)));
  const { exitCode, stdout } = await run(attempt, ["sh", "-c", ASK_HTTP, "sh", String(port), path, seconds]);
  if (exitCode === NO_HTTP_TOOL) return probeHttpFromHost(port, path, attempt);
  const status = Number.parseInt(stdout.trim().slice(-3), 10);
  if (exitCode === 0 && isGoodStatus(status)) return { ok: true };
  const answer = status > 0 ? `it answers status ${status}` : "it does not answer with a good status";
  return failed(`http://localhost:${port}${path}: ${answer}`);
}

async function tryCommand(command: string, attempt: ProbeTry): Promise<ProbeResult> {
  const { exitCode, stdout, stderr } = await run(attempt, ["sh", "-c", command]);
  if (exitCode === 0) return { ok: true };
  const said = lastLine(stderr) || lastLine(stdout);
  return failed(`exit code ${exitCode}${said === "" ? "" : `, "${said}"`}`);
}

function run({ engine, containerId, timeoutMs, signal }: ProbeTry, cmd: string[]) {
  return engine.containers.exec(containerId, { cmd, timeoutMs, signal, maxOutputBytes: 256 * 1024 });
}

function nothingListens(port: number): ProbeResult {
  return failed(`nothing listens on port ${port}`);
}

function failed(reason: string): ProbeResult {
  return { ok: false, reason };
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.slice(0, 200) ?? "";
}
