import { readFile } from "node:fs/promises";
import type { Readiness } from "pulumi-nullspace/sdk";
import type { ContainerInspect } from "pulumi-nullspace/docker";
import { askHttp, isGoodStatus } from "./ask-http.ts";
import { listeningPorts } from "./listening-ports.ts";

/** Where a container is found on the host that it runs on. None of it changes while it runs. */
export interface HostPlace {
  readonly containerId: string;
  /** Of its main process. */
  readonly pid: number;
  /** In the engine's network; absent for a container without one. */
  readonly address: string | undefined;
}

/** An answer that takes longer is left to the check as a whole. */
const ASK_TIMEOUT_MS = 1_000;

/** Reads where a container runs. */
export function hostPlace({ Id, State, NetworkSettings }: ContainerInspect): HostPlace {
  return { containerId: Id, pid: State.Pid, address: addressOf(NetworkSettings) };
}

/** Engines with API 1.52 and newer tell a container's address by network alone. */
export function addressOf(settings: ContainerInspect["NetworkSettings"]): string | undefined {
  return Object.values(settings?.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress || undefined;
}

/**
 * Whether this process can see by itself that a container runs and passes its check: from the kernel's own tables, in a
 * fraction of a millisecond, where a command in the container takes the engine fifty.
 *
 * `false` says nothing: the engine may be on another machine, the kernel may hide its tables, the check may need a command.
 * A container that is frozen looks as if it ran.
 */
export async function isSeenReady(place: HostPlace, readiness: Readiness | undefined): Promise<boolean> {
  try {
    const { pid, containerId } = place;
    // Also when the process is of another container, or the engine counts processes otherwise than we do.
    if (pid <= 0 || !(await readFile(`/proc/${pid}/cgroup`, "latin1")).includes(containerId)) return false;
    if (readiness === undefined || readiness.kind === "timeout") return true;
    if (readiness.kind === "command") return false;
    const tables = await Promise.all(["tcp", "tcp6"].map((name) => readTable(`/proc/${pid}/net/${name}`)));
    if (!listeningPorts(tables.join("\n")).has(readiness.port)) return false;
    return readiness.kind === "tcp" || (await answers(place.address, readiness));
  } catch {
    return false;
  }
}

/** A kernel without IPv6 has no tcp6. */
async function readTable(path: string): Promise<string> {
  return readFile(path, "latin1").catch(() => "");
}

async function answers(address: string | undefined, { port, path }: { port: number; path: string }): Promise<boolean> {
  if (address === undefined) return false;
  return isGoodStatus(await askHttp(`http://${address}:${port}${path}`, AbortSignal.timeout(ASK_TIMEOUT_MS)));
}
