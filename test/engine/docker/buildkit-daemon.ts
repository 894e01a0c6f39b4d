import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSION = "v0.34.2";
const run = promisify(execFile);

/** A BuildKit daemon of this machine. */
export interface BuildKitDaemonProcess extends AsyncDisposable {
  /** Address of its socket. */
  readonly address: string;
  /** Everything that it logged. */
  log(): string;
}

/** Starts `buildkitd` with its OCI worker (Debian's runc) in a temporary folder. `args` may add addresses. */
export async function startBuildKitDaemon(args: string[] = []): Promise<BuildKitDaemonProcess> {
  const binary = await findBuildKitDaemon();
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

/** `NULLSPACE_BUILDKITD`, else the one in the tool cache, else one that is built there now with Go (minutes, once a machine). */
async function findBuildKitDaemon(): Promise<string> {
  if (process.env.NULLSPACE_BUILDKITD) return process.env.NULLSPACE_BUILDKITD;
  const cache = join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "pulumi-nullspace",
    `buildkitd-${VERSION}`,
  );
  const binary = join(cache, "buildkitd");
  if (
    await access(binary).then(
      () => true,
      () => false,
    )
  )
    return binary;
  await mkdir(cache, { recursive: true });
  const source = await mkdtemp(join(cache, "source-"));
  await writeFile(join(source, "go.mod"), `module wrapper\n\nrequire github.com/moby/buildkit ${VERSION}\n`);
  const env = { ...process.env, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  try {
    await run("go", ["build", "-o", "buildkitd", "github.com/moby/buildkit/cmd/buildkitd"], { cwd: source, env });
  } catch (cause) {
    throw new Error("buildkitd could not be built. Install Go, or name a buildkitd in NULLSPACE_BUILDKITD.", { cause });
  }
  await rename(join(source, "buildkitd"), binary);
  await rm(source, { recursive: true });
  return binary;
}
