import {
  amount,
  anyText,
  callback,
  either,
  listOf,
  options as optionsOf,
  positive,
  recordOf,
  required,
  signal as abortSignal,
  stream,
  text,
} from "../arguments/index.ts";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import {
  KILL_TIMEOUT_MS,
  killScript,
  MARK,
  runMarked,
  type CommandOutput,
  type CommandPlace,
} from "../commands/index.ts";
import type { EngineApi } from "./engine-api.ts";
import type { HijackedConnection } from "./engine-transport.ts";
import { DockerError, EngineConnectionLostError, EngineTimeoutError, ExecTimeoutError } from "./errors.ts";
import { type OutputChunk, readLogFrames } from "./log-frames.ts";

/** A command to run in a container. */
export interface ExecOptions {
  /** Program and arguments; no shell is put around them. */
  cmd: string[];
  /** Variables in addition to those of the container. */
  env?: Record<string, string> | undefined;
  /**
   * User, or `user:group`.
   *
   * @default the container's
   */
  user?: string | undefined;
  /**
   * Absolute path.
   *
   * @default the container's
   */
  workdir?: string | undefined;
  /**
   * What the command reads.
   *
   * @default nothing (end of file at once)
   */
  stdin?: string | Uint8Array | Readable | undefined;
  /**
   * After this long the command is killed and ExecTimeoutError thrown.
   *
   * @default no limit
   */
  timeoutMs?: number | undefined;
  /**
   * Of each stream no more than this is kept; the rest is read and dropped.
   *
   * @default 1 MiB
   */
  maxOutputBytes?: number | undefined;
  /**
   * Gets each piece of output as it comes; the next one is read when it is done, so a slow reader slows the command down.
   * Nothing is kept then. The bytes are a view: copy what outlives the call. When it throws, the command is killed.
   */
  onOutput?: ((chunk: OutputChunk) => void | Promise<void>) | undefined;
  /** Aborting it kills the command as a timeout does. */
  signal?: AbortSignal | undefined;
}

export const EXEC = optionsOf<ExecOptions>({
  cmd: required(listOf(anyText, "texts")),
  env: recordOf(anyText, "texts"),
  user: anyText,
  workdir: text,
  stdin: either(anyText, { ...stream, expected: "a stream or bytes", accepts: isInput }),
  timeoutMs: positive,
  maxOutputBytes: amount,
  onOutput: callback,
  signal: abortSignal,
});

function isInput(value: unknown): boolean {
  return value instanceof Uint8Array || stream.accepts(value);
}

/** How a command ended. */
export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Whether output was dropped because of `maxOutputBytes`. */
  truncated: boolean;
}

const DEFAULT_MAX_OUTPUT_BYTES = 1024 * 1024;

const Created = z.looseObject({ Id: z.string() });
const Inspected = z.looseObject({ Running: z.boolean(), ExitCode: z.number().nullish() });

/** Runs a command in a container, and leaves none of its processes behind when it is given up. */
export function runExec(engine: EngineApi, containerId: string, options: ExecOptions): Promise<ExecResult> {
  return execute(engine, containerId, options, (mark) => killMarked(engine, containerId, mark));
}

/** @param kill ends what carries the mark; @returns whether it is gone */
function execute(
  engine: EngineApi,
  containerId: string,
  options: ExecOptions,
  kill: (mark: string) => Promise<boolean>,
): Promise<ExecResult> {
  const { signal, timeoutMs = 0, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, onOutput } = options;
  let started = false;
  const place: CommandPlace = {
    run: async (mark, take, stop) => {
      const execId = await createExec(engine, containerId, options, mark, stop);
      started = true;
      const request = await engine.versioned({
        method: "POST",
        path: `/exec/${execId}/start`,
        json: { Detach: false, Tty: false },
        signal: stop,
      });
      const connection = await engine.transport.hijack(request, "tcp");
      await exchange(connection, options.stdin, take, stop).catch((cause: unknown) => {
        if (stop.aborted || cause instanceof DockerError) throw cause;
        throw new EngineConnectionLostError(engine.host, `${request.method} ${request.path}`, cause);
      });
      return waitForExit(engine, execId, stop);
    },
    kill: (mark) => (started ? kill(mark) : Promise.resolve(true)),
    timedOut: ({ stdout, stderr, killed }) =>
      started
        ? new ExecTimeoutError({ containerId, timeoutMs, stdout, stderr, killed })
        : // The time went by before the command began: it is the engine that is slow.
          new EngineTimeoutError(engine.host, `POST /containers/${containerId}/exec`, timeoutMs),
  };
  return runMarked(place, { signal, timeoutMs: options.timeoutMs, maxOutputBytes, onOutput });
}

async function createExec(
  engine: EngineApi,
  containerId: string,
  options: ExecOptions,
  mark: string,
  signal: AbortSignal,
): Promise<string> {
  const request = await engine.versioned({
    method: "POST",
    path: `/containers/${encodeURIComponent(containerId)}/exec`,
    json: {
      AttachStdin: options.stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Cmd: options.cmd,
      Env: [...Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`), `${MARK}=${mark}`],
      ...(options.user === undefined ? {} : { User: options.user }),
      ...(options.workdir === undefined ? {} : { WorkingDir: options.workdir }),
    },
    signal,
  });
  return (await engine.transport.json(request, Created)).Id;
}

async function exchange(
  { socket, head }: HijackedConnection,
  stdin: ExecOptions["stdin"],
  take: (chunk: CommandOutput) => void | Promise<void>,
  stop: AbortSignal,
): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const abort = () => {
    socket.destroy(stop.reason as Error);
    aborted.reject(stop.reason);
  };
  stop.addEventListener("abort", abort);
  try {
    stop.throwIfAborted();
    if (head.length > 0) socket.unshift(head);
    const input =
      stdin === undefined || typeof stdin === "string" || stdin instanceof Uint8Array
        ? Promise.resolve(void socket.end(stdin))
        : pipeline(stdin, socket, { signal: stop });
    // A command may end without reading its input; then the pipe breaks, and that is not an error of the exec.
    input.catch(() => undefined);
    // Whoever takes the output may be slow: that must not keep the command from being given up.
    for await (const chunk of readLogFrames(socket)) await Promise.race([take(chunk), aborted.promise]);
    stop.throwIfAborted();
  } finally {
    stop.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** The output's end comes a moment before the engine has noted the exit code. */
async function waitForExit(engine: EngineApi, execId: string, signal: AbortSignal): Promise<number> {
  for (let delayMs = 5; ; delayMs = Math.min(delayMs * 2, 1_000)) {
    const request = await engine.versioned({ method: "GET", path: `/exec/${execId}/json`, signal });
    const { Running, ExitCode } = await engine.transport.json(request, Inspected);
    if (!Running && ExitCode !== null && ExitCode !== undefined) return ExitCode;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/**
 * The Engine API cannot end an exec, so a second one does it from inside: it kills whatever carries the mark. That needs
 * `sh` and `grep` in the image.
 *
 * @returns whether every marked process is gone
 */
async function killMarked(engine: EngineApi, containerId: string, mark: string): Promise<boolean> {
  try {
    const options = { cmd: ["/bin/sh", "-c", killScript(mark)], user: "0", timeoutMs: KILL_TIMEOUT_MS };
    // A kill that hangs is not killed in its turn: it hangs on the same engine.
    const { exitCode } = await execute(engine, containerId, options, () => Promise.resolve(false));
    return exitCode === 0;
  } catch {
    // No shell, container gone, engine gone: all the caller can be told is that the process may still be there.
    return false;
  }
}
