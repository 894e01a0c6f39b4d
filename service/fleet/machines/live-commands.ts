import { PassThrough } from "node:stream";
import { ConflictError } from "../../errors.ts";
import type { BackgroundProcess, ProcessLogs } from "./processes.ts";

/** Of each stream of a streamed command this much is kept for its logs; whoever streams it has the rest. */
const MAX_LOG_BYTES = 256 * 1024;

/** Input that a command has not read yet. */
const MAX_WAITING_INPUT_BYTES = 4 * 1024 * 1024;

/** Commands that ended are known for so long, and at most so many of them. */
const KEEP_ENDED_MS = 60_000;
const MAX_ENDED = 100;

/** A command whose output is streamed to somebody. */
export class LiveCommand {
  readonly machineId: string;
  readonly shown: string;
  /** What it reads. */
  readonly stdin = new PassThrough({ highWaterMark: MAX_WAITING_INPUT_BYTES });
  readonly #killed = new AbortController();
  readonly #logs = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  readonly #left = { stdout: MAX_LOG_BYTES, stderr: MAX_LOG_BYTES };
  pid = 0;
  exitCode: number | undefined;

  constructor(machineId: string, shown: string) {
    this.machineId = machineId;
    this.shown = shown;
    // A command that ends leaves its input unread.
    this.stdin.on("error", () => undefined);
  }

  /** Aborts when the command is to be killed. */
  get killed(): AbortSignal {
    return this.#killed.signal;
  }

  kill(): void {
    this.#killed.abort(new Error("the command was killed"));
  }

  /** @throws ConflictError when it has ended, or does not read what it was given */
  write(data: string): void {
    if (this.exitCode !== undefined || this.stdin.writableEnded || this.stdin.destroyed) {
      throw new ConflictError(`Process ${this.pid} has ended or its input is closed; it no longer reads.`);
    }
    if (
      this.stdin.writableLength > 0 &&
      this.stdin.writableLength + Buffer.byteLength(data) > MAX_WAITING_INPUT_BYTES
    ) {
      throw new ConflictError(`Process ${this.pid} does not read its input; ${MAX_WAITING_INPUT_BYTES} bytes wait.`);
    }
    this.stdin.write(data);
  }

  keep(stream: "stdout" | "stderr", data: Buffer): void {
    const left = this.#left[stream];
    if (left === 0) return;
    this.#logs[stream].push(Buffer.from(data.subarray(0, left)));
    this.#left[stream] = Math.max(0, left - data.length);
  }

  logs(): ProcessLogs {
    const [stdout, stderr] = [this.#logs.stdout, this.#logs.stderr].map((all) => Buffer.concat(all).toString("utf8"));
    const output = { stdout: stdout ?? "", stderr: stderr ?? "", output: `${stdout}${stderr}` };
    return { ...output, ...(this.exitCode !== undefined && { exit_code: this.exitCode }) };
  }
}

/** The commands whose output is streamed now or was a moment ago, by machine and process id. */
export class LiveCommands {
  readonly #commands = new Map<string, LiveCommand>();
  readonly #ended: { key: string; endedAtMs: number }[] = [];

  add(command: LiveCommand): void {
    this.#commands.set(keyOf(command.machineId, command.pid), command);
  }

  ended(command: LiveCommand, exitCode: number): void {
    command.exitCode = exitCode;
    command.stdin.destroy();
    const key = keyOf(command.machineId, command.pid);
    if (this.#commands.get(key) !== command) return;
    this.#ended.push({ key, endedAtMs: Date.now() });
    this.#forget();
  }

  get(machineId: string, pid: number): LiveCommand | undefined {
    this.#forget();
    return this.#commands.get(keyOf(machineId, pid));
  }

  list(machineId: string): BackgroundProcess[] {
    this.#forget();
    return [...this.#commands.values()]
      .filter((command) => command.machineId === machineId)
      .map(({ pid, shown, exitCode }) => ({ pid, command: shown, running: exitCode === undefined }));
  }

  #forget(): void {
    const oldest = Date.now() - KEEP_ENDED_MS;
    for (let first = this.#ended[0]; first !== undefined; first = this.#ended[0]) {
      if (this.#ended.length <= MAX_ENDED && first.endedAtMs > oldest) return;
      this.#ended.shift();
      // Another may have got its process id since.
      if (this.#commands.get(first.key)?.exitCode !== undefined) this.#commands.delete(first.key);
    }
  }
}

function keyOf(machineId: string, pid: number): string {
  return `${machineId} ${pid}`;
}
