import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { traceNames } from "./node-traces.ts";

/** Command lines of the processes that name a folder. */
export function processesNaming(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return []; // It has ended since.
      }
    })
    .filter((line) => line.includes(folder));
}

/** What a cluster has on this machine: empty lists when nothing is left of it. */
export function tracesOf(folder: string) {
  const { group, bridge } = traceNames(folder);
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: "utf8" });
  const naming = (text: string, ...names: string[]) =>
    text.split("\n").filter((line) => names.some((name) => line.includes(name)));
  return {
    processes: processesNaming(folder),
    files: existsSync(folder) ? [folder] : [],
    mounts: naming(readFileSync("/proc/self/mountinfo", "utf8"), folder, group),
    links: naming(run("ip", "-oneline", "link", "show"), bridge),
    rules: naming(run("iptables", "--list-rules"), bridge),
    groups: naming(run("find", "/sys/fs/cgroup", "-maxdepth", "3", "-name", group), group),
  };
}
