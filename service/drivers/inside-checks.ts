import { isGoodStatus } from "./ask-http.ts";
import { listeningPorts } from "./listening-ports.ts";

/** What one look at a check saw. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Runs a command in a machine to its end. */
export type RunInside = (
  argv: string[],
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;

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

/** Whether something in a machine listens on a port, on whatever address. */
export async function listensInside(run: RunInside, port: number): Promise<CheckResult> {
  const { exitCode, stdout, stderr } = await run(["sh", "-c", SHOW_SOCKETS]);
  if (exitCode !== 0) return failed(`the sockets cannot be read: ${lastLine(stderr) || `exit code ${exitCode}`}`);
  return listeningPorts(stdout).has(port) ? { ok: true } : nothingListens(port);
}

/** Whether a server in a machine answers well. @returns `undefined` when the image has nothing to ask with */
export async function answersInside(
  run: RunInside,
  port: number,
  path: string,
  timeoutMs: number,
): Promise<CheckResult | undefined> {
  const seconds = String(Math.max(1, Math.floor(timeoutMs / 1000)));
  const { exitCode, stdout } = await run(["sh", "-c", ASK_HTTP, "sh", String(port), path, seconds]);
  if (exitCode === NO_HTTP_TOOL) return undefined;
  const status = Number.parseInt(stdout.trim().slice(-3), 10);
  if (exitCode === 0 && isGoodStatus(status)) return { ok: true };
  const answer = status > 0 ? `it answers status ${status}` : "it does not answer with a successful status";
  return failed(`http://localhost:${port}${path}: ${answer}`);
}

/** Whether a command in a machine succeeds. */
export async function succeedsInside(run: RunInside, command: string): Promise<CheckResult> {
  const { exitCode, stdout, stderr } = await run(["sh", "-c", command]);
  if (exitCode === 0) return { ok: true };
  const said = lastLine(stderr) || lastLine(stdout);
  return failed(`exit code ${exitCode}${said === "" ? "" : `, "${said}"`}`);
}

export function nothingListens(port: number): CheckResult {
  return failed(`nothing listens on port ${port}`);
}

export function failed(reason: string): CheckResult {
  return { ok: false, reason };
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.slice(0, 200) ?? "";
}
