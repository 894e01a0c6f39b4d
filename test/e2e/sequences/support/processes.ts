import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** A process, told from a later one of the same id by the time of its start. */
export interface Process {
  pid: number;
  startTicks: string;
  /** Its command line, arguments joined by spaces. */
  command: string;
}

/** All processes below one, the nearest first. */
export function descendantsOf(pid: number): Process[] {
  const children = new Map<number, Process[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const seen = readProcess(Number(name));
    if (seen === undefined) continue;
    children.set(seen.parent, [...(children.get(seen.parent) ?? []), seen]);
  }
  const found: Process[] = [];
  const queue = [pid];
  for (const parent of queue) {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      queue.push(child.pid);
    }
  }
  return found;
}

/** Waits until a process is gone; false when it is still there after `timeoutMs`. */
export async function isGone({ pid, startTicks }: Process, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const now = readProcess(pid);
    if (now === undefined || now.startTicks !== startTicks || now.state === "Z") return true;
    if (performance.now() > endMs) return false;
    await pause(50);
  }
}

/** Kills a process if it is still the same one. */
export function killProcess({ pid, startTicks }: Process): void {
  if (readProcess(pid)?.startTicks !== startTicks) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function readProcess(pid: number): (Process & { parent: number; state: string }) | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything: fields are counted from its end (proc_pid_stat(5)).
    const [state = "", parent = "", ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(parent), state, startTicks: rest[17] ?? "", command };
  } catch (error) {
    // It has ended while we looked: no such file, or no such process.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
