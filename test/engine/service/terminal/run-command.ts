import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "../../../bare-environment.ts";

const COMMAND = fileURLToPath(new URL("../../../../service/bin/nullspace-local.ts", import.meta.url));
const IN_TERMINAL = fileURLToPath(new URL("in-terminal.py", import.meta.url));

/** How to run {@link runCommand}. */
export interface CommandOptions {
  env: Record<string, string>;
  /** In a terminal, where standard error is the same as standard output. @default false */
  terminal?: boolean;
  /** Is given what was written so far, and may type. */
  onOutput?: (written: string, type: (text: string) => void) => void;
}

/** `nullspace-local` with arguments, to its end. */
export async function runCommand(args: readonly string[], { env, terminal = false, onOutput }: CommandOptions) {
  const node = [process.execPath, "--conditions=nullspace-source", "--disable-warning=ExperimentalWarning", COMMAND];
  const [program = "", ...words] = [
    ...(terminal ? [process.env.NULLSPACE_PYTHON ?? "python3", IN_TERMINAL] : []),
    ...node,
    ...args,
  ];
  // A folder without a .env, and no settings but those that are given.
  const child = spawn(program, words, {
    cwd: tmpdir(),
    env: bareEnvironment({ HOME: "/nowhere", TERM: "xterm", ...env }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onOutput?.(stdout, (typed) => child.stdin.write(typed));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: stdout.replaceAll("\r\n", "\n"), stderr };
}
