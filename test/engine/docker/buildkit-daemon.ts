import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A BuildKit daemon of this machine. */
export interface BuildKitDaemonProcess extends AsyncDisposable {
  /** Address of its socket. */
  readonly address: string;
  /** Everything that it logged. */
  log(): string;
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
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
      await rm(dir, { recursive: true });
    },
  };
}
