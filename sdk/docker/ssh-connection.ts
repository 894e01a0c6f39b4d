import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { EngineHost } from "./engine-host.ts";
import { EngineUnreachableError } from "./errors.ts";

const MAX_STDERR_CHARS = 2_000;

/**
 * Reaches an engine over SSH as the docker command does: the system's `ssh` runs `docker system dial-stdio` there, and
 * its standard streams are the connection. Keys, agents and host checks are those of the user's own SSH set-up;
 * BatchMode makes a question an error instead of a hang.
 *
 * The process is known to have failed only when it ends, so a failure surfaces on the stream as an
 * EngineUnreachableError that carries what ssh wrote.
 */
export function dialSsh(host: Extract<EngineHost, { kind: "ssh" }>): Promise<Duplex> {
  const child = spawn(
    "ssh",
    [
      ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T"],
      ...(host.user === undefined ? [] : ["-l", host.user]),
      ...(host.port === undefined ? [] : ["-p", String(host.port)]),
      ...["--", host.hostname, "docker", "system", "dial-stdio"],
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
  stream.once("close", () => child.kill());
  child.once("exit", (code) => {
    if (code !== 0 && code !== null) {
      stream.destroy(new EngineUnreachableError(host.display, `ssh ended with code ${code}: ${stderr.trim()}`));
    }
  });
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new EngineUnreachableError(host.display, `the ssh command could not be run (${cause.message})`, cause)),
    );
    child.once("spawn", () => resolve(asSocket(stream)));
  });
}

/** HTTP clients call these on what they take for a socket; on a pipe they have no meaning. */
function asSocket(stream: Duplex): Duplex {
  const noop = () => stream;
  return Object.assign(stream, { ref: noop, unref: noop, setTimeout: noop, setKeepAlive: noop, setNoDelay: noop });
}
