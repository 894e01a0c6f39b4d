import { spawn } from "node:child_process";

/** Kept of each output stream; the end of it, which is where a command says why it failed. */
const KEPT_OUTPUT_BYTES = 256 * 1024;

/** How long a command may take to end after SIGTERM before it is killed. */
const KILL_AFTER_MS = 5_000;

/**
 * @typedef {object} CommandResult
 * @property {number | null} code exit code; `null` when a signal ended it or it did not start
 * @property {string} stdout the last 256 KiB
 * @property {string} stderr the last 256 KiB
 * @property {boolean} timedOut
 * @property {Error | undefined} startError why it did not start
 */

/**
 * Runs a command to its end and never throws for what the command does; it throws only when `signal` aborts.
 *
 * The command gets a process group of its own, so that a timeout or an abort also ends what it started.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string | undefined, env?: NodeJS.ProcessEnv | undefined, timeoutMs: number, signal?: AbortSignal | undefined }} options
 * @returns {Promise<CommandResult>}
 */
export async function runCommand(command, args, { cwd, env, timeoutMs, signal }) {
  signal?.throwIfAborted();
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const stdout = keepTail(child.stdout);
  const stderr = keepTail(child.stderr);
  let timedOut = false;
  /** @type {NodeJS.Timeout | undefined} */
  let killer;
  const end = () => {
    signalGroup(child.pid, "SIGTERM");
    killer ??= setTimeout(() => signalGroup(child.pid, "SIGKILL"), KILL_AFTER_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  signal?.addEventListener("abort", end, { once: true });
  try {
    const { code, startError } = await new Promise((resolve) => {
      child.once("error", (error) => resolve({ code: null, startError: error }));
      child.once("close", (code) => resolve({ code, startError: undefined }));
    });
    signal?.throwIfAborted();
    return { code, stdout: stdout(), stderr: stderr(), timedOut, startError };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    signal?.removeEventListener("abort", end);
  }
}

/**
 * One line that says why a command failed: its last words, or that it was too slow, or that it did not start.
 *
 * @param {CommandResult} result
 */
export function describeFailure(result) {
  if (result.startError) return result.startError.message;
  const words = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-12).join("\n");
  if (result.timedOut) return `took too long and was ended${words === "" ? "" : `; its last words:\n${words}`}`;
  return words === "" ? `exit code ${result.code}` : words;
}

/**
 * @param {number | undefined} pid leader of the group
 * @param {NodeJS.Signals} name
 */
export function signalGroup(pid, name) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // The group is gone already, which is what was asked for.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** @param {import("node:stream").Readable} stream */
function keepTail(stream) {
  /** @type {Buffer[]} */
  let chunks = [];
  let bytes = 0;
  stream.on("data", (/** @type {Buffer} */ chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > 2 * KEPT_OUTPUT_BYTES) {
      chunks = [Buffer.concat(chunks).subarray(-KEPT_OUTPUT_BYTES)];
      bytes = KEPT_OUTPUT_BYTES;
    }
  });
  return () => Buffer.concat(chunks).subarray(-KEPT_OUTPUT_BYTES).toString("utf8");
}
