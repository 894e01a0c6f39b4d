import { spawn } from "node:child_process";

/** How a command ended, with all it printed. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** A command that ended with another exit code than 0. */
export class CommandError extends Error {
  readonly result: CommandResult;

  constructor(command: string, result: CommandResult) {
    const said = [result.stdout, result.stderr].map((text) => text.trim()).filter(Boolean);
    super(`\`${command}\` ended with exit code ${result.exitCode}\n${said.join("\n")}`);
    this.name = "CommandError";
    this.result = result;
  }
}

/** Runs a command to its end and keeps what it prints. Aborting sends SIGINT, so that it can end in order. */
export async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const started = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
  const interrupt = (): void => void child.kill("SIGINT");
  options.signal?.addEventListener("abort", interrupt, { once: true });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  }).finally(() => options.signal?.removeEventListener("abort", interrupt));
  const result = { exitCode, stdout, stderr, seconds: (performance.now() - started) / 1000 };
  options.signal?.throwIfAborted();
  if (exitCode !== 0) throw new CommandError([command, ...args].join(" "), result);
  return result;
}
