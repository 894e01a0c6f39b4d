import { spawn } from "node:child_process";
import type { CliResult } from "../../support/pulumi-project.ts";

const PIPE_GRACE_MS = 500;

/** A run of the Pulumi CLI that a test watches, and may end. */
export interface CliRun {
  pid: number;
  /** What it has printed so far. */
  text(): string;
  /** Resolves as soon as it has printed something that matches; rejects when it ends first. */
  printed(pattern: RegExp): Promise<void>;
  /** How it ended; the exit code is 1 when a signal ended it. */
  ended: Promise<CliResult>;
}

/** Starts the CLI without waiting for its end. */
export function startCli(args: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }): CliRun {
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid === undefined) throw new Error("pulumi did not start");
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => ((stdout += text), look()));
  child.stderr.setEncoding("utf8").on("data", (text: string) => ((stderr += text), look()));
  const text = (): string => stdout + stderr;
  // After a kill its children may hold the pipes for as long as they live: then what was read by its end has to do.
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", finish);
    child.on("exit", (code) => void setTimeout(finish, PIPE_GRACE_MS, code));
    function finish(code: number | null): void {
      resolve({ exitCode: code ?? 1, stdout, stderr, text: text() });
      look();
    }
  });
  return {
    pid: child.pid,
    text,
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!pattern.test(text())) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
        void ended.then(() => {
          if (!watchers.delete(watcher)) return;
          reject(new Error(`pulumi ${args.join(" ")} ended before it printed ${pattern}:\n${text()}`));
        }, reject);
      }),
  };
}
