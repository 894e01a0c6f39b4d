import { spawn } from "node:child_process";

/** How a command ended, with all it printed. */
export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
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

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** Runs a command that must succeed. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runToEnd(command, args, options);
  if (result.exitCode !== 0) throw new CommandError([command, ...args].join(" "), result);
  return result;
}

/**
 * Runs a command to its end, whatever its exit code, and keeps what it prints. Aborting sends SIGINT, so that it can end
 * in order.
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted();
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
  options.signal?.throwIfAborted();
  return { exitCode, stdout, stderr };
}
