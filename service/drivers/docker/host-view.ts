import { answerTimeout } from "pulumi-nullspace/concurrency";
import { readlinkSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import type { Readiness } from "pulumi-nullspace/sdk";
import type { ContainerInspect } from "pulumi-nullspace/docker";
import { askHttp, isGoodStatus } from "../ask-http.ts";
import { listeningPorts } from "../listening-ports.ts";

/** An answer that takes longer is left to the check as a whole. */
const ASK_TIMEOUT_MS = 1_000;

/** A container with more processes is not searched through for the one that listens. */
const MAX_PROCESSES = 200;

/** A socket that listens, and where a process holds it open. */
interface Listener {
  readonly port: number;
  /** Link in /proc of an open file of the process. */
  readonly link: string;
  /** What the link says while that socket is open: `socket:[inode]`. */
  readonly socket: string;
}

/**
 * A container as it is seen from the host that it runs on: from the kernel's own tables, where a command in the container
 * takes the engine fifty milliseconds.
 */
export class HostView {
  readonly #containerId: string;
  /** Of its main process. */
  readonly #pid: number;
  /** In the engine's network; absent for a container without one. */
  readonly #address: string | undefined;
  #listener: Listener | undefined;

  constructor({ Id, State, NetworkSettings }: ContainerInspect) {
    this.#containerId = Id;
    this.#pid = State.Pid;
    this.#address = addressOf(NetworkSettings);
  }

  /**
   * Whether this process can see by itself that the container runs and passes its check.
   *
   * `false` says nothing: the engine may be on another machine, the kernel may hide its tables, the check may need a
   * command. A container that is frozen looks as if it ran.
   */
  async isSeenReady(readiness: Readiness | undefined): Promise<boolean> {
    try {
      if (readiness === undefined || readiness.kind === "timeout") return await this.#runs();
      if (readiness.kind === "command" || (await this.listens(readiness.port)) !== true) return false;
      return readiness.kind === "tcp" || (await answers(this.#address, readiness));
    } catch {
      return false;
    }
  }

  /** Whether something in the container listens on a port, on whatever address; `undefined` when that cannot be seen. */
  async listens(port: number): Promise<boolean | undefined> {
    if (this.#listener?.port === port && isOpen(this.#listener)) return true;
    this.#listener = undefined;
    try {
      if (!(await this.#runs())) return undefined;
      for (const name of ["tcp", "tcp6"]) {
        const inodes = listeningPorts(await readTable(`/proc/${this.#pid}/net/${name}`)).get(port);
        if (inodes === undefined) continue;
        this.#listener = await findListener(this.#pid, port, inodes);
        return true;
      }
      return false;
    } catch {
      return undefined;
    }
  }

  /** Also false when the process is of another container by now, or the engine counts processes otherwise than we do. */
  async #runs(): Promise<boolean> {
    return this.#pid > 0 && (await readFile(`/proc/${this.#pid}/cgroup`, "latin1")).includes(this.#containerId);
  }
}

/** Engines with API 1.52 and newer tell a container's address by network alone. */
export function addressOf(settings: ContainerInspect["NetworkSettings"]): string | undefined {
  return Object.values(settings?.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress || undefined;
}

/**
 * Whether a socket is still open where it was. A socket that listens does so until it is closed, and the kernel gives its
 * number to no other one meanwhile; so this proves what its tables would, for which the kernel walks through every
 * connection of the host (5 ms each on a host with much memory). /proc is never waited for, so nothing else is held up.
 */
function isOpen({ link, socket }: Listener): boolean {
  try {
    return readlinkSync(link) === socket;
  } catch {
    return false;
  }
}

/** A kernel without IPv6 has no tcp6. */
async function readTable(path: string): Promise<string> {
  return readFile(path, "latin1").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && path.endsWith("6")) return "";
    throw error;
  });
}

/**
 * Which process under `pid` holds one of these sockets; undefined where this process may not see that, or there are too
 * many to look at.
 */
async function findListener(pid: number, port: number, inodes: readonly string[]): Promise<Listener | undefined> {
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pids = [String(pid)];
  // It grows while it is walked through.
  for (const each of pids) {
    if (pids.length > MAX_PROCESSES) return undefined;
    try {
      for (const file of await readdir(`/proc/${each}/fd`)) {
        const link = `/proc/${each}/fd/${file}`;
        const socket = await readlink(link).catch(() => "");
        if (sockets.has(socket)) return { port, link, socket };
      }
      pids.push(...(await childrenOf(each)));
    } catch {
      // It has ended, or is hidden; another one may hold it too.
    }
  }
  return undefined;
}

async function childrenOf(pid: string): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "latin1").catch(() => "")),
  );
  return lists.flatMap((list) => list.split(" ").filter((child) => child !== ""));
}

async function answers(address: string | undefined, { port, path }: { port: number; path: string }): Promise<boolean> {
  if (address === undefined) return false;
  using timeout = answerTimeout(ASK_TIMEOUT_MS);
  return isGoodStatus(await askHttp(`http://${address}:${port}${path}`, timeout.signal));
}
