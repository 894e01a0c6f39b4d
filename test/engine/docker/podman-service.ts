import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DockerEngine } from "../../../sdk/docker/index.ts";

const START_TIMEOUT_MS = 30_000;

/** Podman's answer to Docker's API, on a socket of this machine. */
export interface PodmanService extends AsyncDisposable {
  readonly host: string;
  readonly socketPath: string;
}

/** Starts Podman's API service (Debian's package) with images and containers of its own. It needs root. */
export async function startPodman(): Promise<PodmanService> {
  const dir = await mkdtemp(join(tmpdir(), "nullspace-podman-"));
  const socketPath = join(dir, "podman.sock");
  const storage = [`--root=${join(dir, "data")}`, `--runroot=${join(dir, "run")}`, "--storage-driver=vfs"];
  // There is no systemd to ask for control groups on every machine.
  const service = ["--cgroup-manager=cgroupfs", "system", "service", "--time=0", `unix://${socketPath}`];
  const child = spawn("podman", [...storage, ...service], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const end = async () => {
    if (child.pid !== undefined && child.exitCode === null) {
      child.kill();
      await once(child, "exit");
    }
    await rm(dir, { recursive: true, force: true });
  };
  const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
  failed.catch(() => {});
  const host = `unix://${socketPath}`;
  try {
    await Promise.race([failed, answering(host)]);
  } catch (cause) {
    await end();
    throw new Error(`podman did not come up (it needs root, and Debian's package podman). Its log:\n${log}`, { cause });
  }
  return { host, socketPath, [Symbol.asyncDispose]: end };
}

async function answering(host: string): Promise<void> {
  const engine = new DockerEngine({ host, env: {} });
  try {
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await setTimeout(50)) {
      try {
        return void (await engine.ping());
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  } finally {
    await engine.close();
  }
}
