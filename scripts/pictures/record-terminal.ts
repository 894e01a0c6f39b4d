import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellQuote } from "../../sdk/template/shell-quote.ts";

/** What a command wrote to its terminal: bytes, each lot with the seconds that passed before it. */
export interface Recording {
  columns: number;
  rows: number;
  output: readonly { afterSeconds: number; bytes: Buffer }[];
}

/**
 * Runs a command in a terminal of its own, by `script` of util-linux, and keeps what it writes.
 *
 * @throws when the command ends with another code than 0
 */
export async function recordTerminal(
  command: readonly string[],
  { columns, rows, cwd, env }: { columns: number; rows: number; cwd: string; env: NodeJS.ProcessEnv },
): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "terminal-"));
  const [log, timing] = [join(folder, "log"), join(folder, "timing")];
  // The new terminal has no size of its own where there is none to take it from.
  const line = `stty cols ${columns} rows ${rows}; exec ${command.map((word) => shellQuote(word)).join(" ")}`;
  const options = ["--quiet", "--return", "--logging-format", "classic", "--log-out", log, "--log-timing", timing];
  try {
    const child = spawn("script", [...options, "--command", line], {
      cwd,
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0)
      throw new Error(`${command.join(" ")} ended with ${code}:\n${readFileSync(log, "utf8").slice(-2000)}`);
    return { columns, rows, output: readRecording(readFileSync(log), readFileSync(timing, "utf8")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Reads the two files of `script`: what was written, below a line of its own, and `<seconds> <bytes>` for each lot.
 *
 * @throws when they do not belong together
 */
export function readRecording(log: Buffer, timing: string): Recording["output"] {
  let at = log.indexOf("\n") + 1;
  return timing
    .trim()
    .split("\n")
    .map((line) => {
      const [afterSeconds, length] = line.split(" ").map(Number);
      if (afterSeconds === undefined || length === undefined || !(at + length <= log.length))
        throw new Error(`the line ${JSON.stringify(line)} is not of this recording`);
      return { afterSeconds, bytes: log.subarray(at, (at += length)) };
    });
}
