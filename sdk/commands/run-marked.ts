import { randomUUID } from "node:crypto";
import { BoundedOutput } from "./bounded-output.ts";

/** A piece of what a command wrote. */
export interface CommandOutput {
  stream: "stdout" | "stderr";
  data: Buffer;
}

/** How a command ended. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Whether output was dropped because of `maxOutputBytes`. */
  truncated: boolean;
}

/** What is known of a command that did not end in its time. */
export interface TimedOutCommand {
  /** What it had written until then. */
  stdout: string;
  stderr: string;
  /** Whether its processes are known to be gone. */
  killed: boolean;
  cause: unknown;
}

/** How far a command may go. */
export interface CommandBounds {
  /** @default no limit */
  timeoutMs?: number | undefined;
  /** Of each stream so much is kept; the rest is read and dropped. */
  maxOutputBytes: number;
  /** Gets each piece of output as it comes; nothing is kept then. When it throws, the command is killed. */
  onOutput?: ((output: CommandOutput) => void | Promise<void>) | undefined;
  /** Aborting it kills the command as a timeout does. */
  signal?: AbortSignal | undefined;
}

/** What is different from one kind of container to another. */
export interface CommandPlace {
  /**
   * Runs the command to its end.
   *
   * @param mark every process of the command has it as the variable `MARK`
   * @param take has to get each piece of output, and to be awaited
   * @returns its exit code
   * @throws the reason of `stop`, among others, once that is aborted
   */
  run(mark: string, take: (output: CommandOutput) => void | Promise<void>, stop: AbortSignal): Promise<number>;
  /** Ends what carries the mark. @returns whether it is gone */
  kill(mark: string): Promise<boolean>;
  /** @returns the error for a command that did not end in its time */
  timedOut(command: TimedOutCommand): unknown;
}

/**
 * Runs a command, and leaves none of its processes behind when it is given up.
 *
 * @throws what `run` throws; what `onOutput` throws; the error of `timedOut`; the signal's reason
 * @example
 * ```ts
 * import { spawn, spawnSync } from "node:child_process";
 * import { once } from "node:events";
 *
 * const exec = ["exec", "--user", "0"];
 * const place: CommandPlace = {
 *   run: async (mark, take, stop) => {
 *     const child = spawn("docker", [...exec, "--env", `${MARK}=${mark}`, "web", "make", "test"], { signal: stop });
 *     const closed = once(child, "close");
 *     for await (const data of child.stdout) await take({ stream: "stdout", data });
 *     return (await closed)[0];
 *   },
 *   kill: async (mark) => spawnSync("docker", [...exec, "web", "/bin/sh", "-c", killScript(mark)]).status === 0,
 *   timedOut: ({ killed }) => new Error(killed ? "The tests took too long." : "The tests may still run."),
 * };
 * const { exitCode, stdout } = await runMarked(place, { timeoutMs: 60_000, maxOutputBytes: 1_000_000 });
 * ```
 */
export async function runMarked(place: CommandPlace, bounds: CommandBounds): Promise<CommandResult> {
  const { signal, timeoutMs, maxOutputBytes, onOutput } = bounds;
  const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, timeout].filter((one) => one !== undefined));
  const mark = randomUUID();
  const outputs = { stdout: new BoundedOutput(maxOutputBytes), stderr: new BoundedOutput(maxOutputBytes) };
  let refusal: { readonly error: unknown } | undefined;
  const take = async (output: CommandOutput): Promise<void> => {
    if (onOutput === undefined) return outputs[output.stream].add(output.data);
    try {
      await onOutput(output);
    } catch (error) {
      refusal = { error };
      throw error;
    }
  };
  const { stdout, stderr } = outputs;
  try {
    const exitCode = await place.run(mark, take, stop);
    return { exitCode, stdout: stdout.text(), stderr: stderr.text(), truncated: stdout.isCut || stderr.isCut };
  } catch (error) {
    if (!stop.aborted && refusal === undefined) throw error;
    const wasStopped = stop.aborted;
    const killed = await place.kill(mark);
    if (!wasStopped) throw refusal!.error;
    if (signal?.aborted) throw signal.reason;
    throw place.timedOut({ stdout: stdout.text(), stderr: stderr.text(), killed, cause: error });
  }
}
