import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

/**
 * Ends what an engine that was killed has left running: containers, those among them that were only just being made (`runc init`), the
 * steps of builds, and the shims of containerd. Nobody else would: the next dockerd knows what is in its records alone.
 *
 * @param dir of the engine, with its data and its state
 * @param namespace of its containerd, which every shim is started with
 */
export async function endOrphans(dir: string, namespace: string): Promise<void> {
  for (;;) {
    const orphans = [...processesOfShims(namespace), ...processesOfRunc(dir)];
    if (orphans.length === 0) return;
    for (const pid of orphans) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    await setTimeout(20);
  }
}

/** Shims, and all that descends from them: a shim is the reaper of what it starts. */
function processesOfShims(namespace: string): number[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const found = new Set(
    all
      .filter(({ command }) => command[0]?.includes("containerd-shim") && isNamed(command, namespace))
      .map(({ pid }) => pid),
  );
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function isNamed(command: readonly string[], namespace: string): boolean {
  return command.some((word) => word === namespace || word === `${namespace}-plugins`);
}

/** First processes of containers, by what runc has written down of them; BuildKit's steps have no shim. */
function processesOfRunc(dir: string): number[] {
  const files = ["exec/**/state.json", "data/buildkit/**/state.json"].flatMap((pattern) =>
    globSync(pattern, { cwd: dir }),
  );
  return files.flatMap((file) => {
    const { init_process_pid: pid, init_process_start: start } = stateIn(join(dir, file));
    // The number may be another process's by now; the moment at which it began is not.
    return pid !== undefined && processOf(pid)?.start === start ? [pid] : [];
  });
}

function stateIn(file: string): { init_process_pid?: number; init_process_start?: number } {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ReturnType<typeof stateIn>;
  } catch {
    return {}; // It is being written, or was removed.
  }
}

/** A process that has not ended. @returns `undefined` for none, and for one that only waits to be read */
function processOf(pid: number): { pid: number; parent: number; start: number; command: string[] } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): the name, in brackets, may hold anything; from the state on come fields 3, 4 and so forth.
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return { pid, parent: Number(parent), start: Number(rest[17]), command };
  } catch {
    return undefined; // It has ended since.
  }
}
