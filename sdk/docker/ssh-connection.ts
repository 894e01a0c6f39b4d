import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import type { EngineHost } from "./engine-host.ts";
import { EngineUnreachableError } from "./errors.ts";

const MAX_STDERR_CHARS = 2_000;

/**
 * Reaches an engine over SSH as the docker command does: the system's `ssh` runs `docker system dial-stdio` there, and
 * its standard streams are the connection. Keys, agents and host checks are those of the user's own SSH set-up;
 * BatchMode makes a question an error instead of a hang.
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
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(new EngineUnreachableError(host.display, `the ssh command could not be run (${cause.message})`, cause)),
    );
    child.once("spawn", () => resolve(new SshStream(child, host.display)));
  });
}

/**
 * The process's standard streams as one. Its output's end alone does not tell a closed connection from one that never
 * came about, so the stream ends with the process, and fails with what ssh wrote when that failed.
 */
class SshStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams, host: string) {
    super();
    this.#child = child;
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // A process that is gone does not read; how it went is told below.
    child.stdin.on("error", () => child.stdin.destroy());
    child.once("close", (code) => {
      if (code === 0 || code === null) this.push(null);
      else this.destroy(new EngineUnreachableError(host, `ssh ended with code ${code}: ${stderr.trim()}`));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const { stdin } = this.#child;
    if (stdin.destroyed) callback();
    else stdin.write(chunk, () => callback());
  }

  override _final(callback: () => void): void {
    this.#child.stdin.end(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#child.kill();
    callback(error);
  }

  // HTTP clients call these on what they take for a socket; on a pipe they have no meaning.
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
}
