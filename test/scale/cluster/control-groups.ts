import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "./until.ts";

const KILL_TIMEOUT_MS = 20_000;

/** The group of the programs that run pods; those of pods are beside it. */
const RUNTIME = "runtime";

/**
 * Makes the control groups of a node: everything on it is in them, so that whatever runs there can be found and ended.
 *
 * @param name of the group below the root, e.g. `nullspace-cluster-x1Y2z3`
 * @returns folders that a program of the node joins by writing its number into their `cgroup.procs`
 */
export async function makeGroups(name: string): Promise<string[]> {
  const joined = [];
  for (const hierarchy of hierarchies()) {
    for (const folder of [join(hierarchy, name), join(hierarchy, name, RUNTIME)]) {
      await mkdir(folder, { recursive: true });
      // cpusets(7): a new group has neither processors nor memory, and takes no process until it has.
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        if (!isVersion2() && existsSync(join(folder, file))) {
          await writeFile(join(folder, file), await readFile(join(folder, "..", file)));
        }
      }
    }
    joined.push(join(hierarchy, name, RUNTIME));
  }
  return joined;
}

/** Kills whatever is in the groups, and takes them away. */
export async function removeGroups(name: string): Promise<void> {
  const roots = hierarchies()
    .map((hierarchy) => join(hierarchy, name))
    .filter((folder) => existsSync(folder));
  await until(`the processes of the control group ${name} to end`, KILL_TIMEOUT_MS, async () => {
    const pids = new Set(roots.flatMap((root) => groupsIn(root)).flatMap(processesIn));
    for (const pid of pids) killIfThere(pid);
    return pids.size === 0;
  });
  await until(`the control group ${name} to be empty`, KILL_TIMEOUT_MS, async () => {
    for (const folder of roots.flatMap((root) => groupsIn(root))) {
      // The kernel lets go of a group a moment after its last process.
      await rmdir(folder).catch(ignore("EBUSY", "ENOENT"));
    }
    return roots.every((root) => !existsSync(root));
  });
}

/** Where control groups are mounted: one place in version 2; in version 1 one for each set of controllers, often beside a 2. */
function hierarchies(): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" - "))
    .map(([place = "", kind = ""]) => ({ path: place.split(" ")[4] ?? "", type: kind.split(" ")[0] }));
  return mounts.filter(({ type }) => type === "cgroup" || type === "cgroup2").map(({ path }) => path);
}

function isVersion2(): boolean {
  return existsSync("/sys/fs/cgroup/cgroup.controllers");
}

/** A group and those below it, the deepest first. */
function groupsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const inner = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  return [...inner.flatMap(({ name }) => groupsIn(join(folder, name))), folder];
}

function processesIn(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch (error) {
    ignore("ENOENT", "ENODEV")(error); // It went meanwhile.
    return [];
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    ignore("ESRCH")(error);
  }
}

function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  };
}
