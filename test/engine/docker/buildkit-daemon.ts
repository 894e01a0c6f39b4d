import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A BuildKit daemon of this machine. */
export interface BuildKitDaemonProcess extends AsyncDisposable {
  /** Address of its socket. */
  readonly address: string;
  /** Everything that it logged. */
  log(): string;
  /** Ends it as a loss of power would: in the middle of what it builds. */
  kill(): Promise<void>;
}

/** Starts `buildkitd` with its OCI worker (Debian's runc) in a temporary folder. `args` may add addresses. */
export async function startBuildKitDaemon(args: string[] = []): Promise<BuildKitDaemonProcess> {
  const binary = process.env.NULLSPACE_BUILDKITD;
  if (!binary) throw new Error("NULLSPACE_BUILDKITD is not set: start the tests with `npm test`, or name a buildkitd");
  const dir = await mkdtemp(join(tmpdir(), "nullspace-buildkitd-"));
  const address = `unix://${join(dir, "buildkitd.sock")}`;
  const worker = ["--oci-worker=true", "--containerd-worker=false", "--oci-worker-net=host"];
  const child = spawn(binary, ["--root", join(dir, "root"), "--addr", address, ...worker, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (text: string) => {
      log += text;
      if (log.includes("running server on")) resolve();
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`buildkitd ended with ${code} (it needs root and runc): ${log}`)));
  });
  return {
    address,
    log: () => log,
    async kill() {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      await unmountBelow(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A daemon that was killed leaves the file systems of the steps that it ran. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((path) => path.startsWith(`${dir}/`)).reverse()) {
    await promisify(execFile)("umount", ["--lazy", mount]);
  }
}
