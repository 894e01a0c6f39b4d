import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { tool } from "./tools.ts";

/** What kubectl has printed. */
export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the kubectl of the cluster's version: the peer that tests compare with. It keeps its caches in `folder`. */
export async function runKubectl(
  folder: string,
  kubeconfig: string,
  args: readonly string[],
  { input, timeoutMs = 60_000 }: { input?: string; timeoutMs?: number } = {},
): Promise<KubectlResult> {
  const flags = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(folder, "kubectl-cache")}`];
  const [verb = "", ...rest] = args;
  // Flags come before a `--`, and after the verb, as plugins are looked for otherwise.
  const child = spawn(tool("kubernetes"), ["kubectl", verb, ...flags, ...rest], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, HOME: folder, KUBECONFIG: kubeconfig },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => undefined); // It may end without having read all.
  child.stdin.end(input ?? "");
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
