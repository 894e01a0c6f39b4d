import { execFile } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findStaticBusybox } from "../../../scripts/setup/busybox-image.mjs";
import { startBuildKitDaemon } from "../../engine/docker/buildkit-daemon.ts";
import { answering, freePort } from "../../engine/docker/private-registry.ts";
import { ClusterProcess } from "./cluster-process.ts";
import { tool } from "./tools.ts";

/** The registry of a cluster, on the loopback interface, without password or TLS. */
export interface ClusterRegistry extends AsyncDisposable {
  /** Host and port. */
  readonly host: string;
  /** An image that only waits, which holds together what a pod shares. */
  readonly pauseImage: string;
  /** An image with busybox and a shell. */
  readonly busyboxImage: string;
}

const DOCKERFILE = `FROM scratch AS pause
COPY busybox /busybox
ENTRYPOINT ["/busybox", "sleep", "infinity"]
FROM scratch AS busybox
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
CMD ["sh"]
`;

/** Starts a registry, and has BuildKit build and push the images that every cluster needs. */
export async function startRegistry(folder: string): Promise<ClusterRegistry> {
  const dir = join(folder, "registry");
  await mkdir(join(dir, "context"), { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: true } },
    http: { addr: host },
  };
  // JSON is YAML.
  await writeFile(join(dir, "config.yml"), JSON.stringify(config));
  const args = ["serve", join(dir, "config.yml")];
  const registry = new ClusterProcess(dir, { name: "registry", command: "docker-registry", args });
  const images = { pauseImage: `${host}/pause:1`, busyboxImage: `${host}/busybox:1` };
  try {
    await registry.start();
    await answering(Number(host.split(":")[1]));
    await buildImages(join(dir, "context"), { pause: images.pauseImage, busybox: images.busyboxImage });
  } catch (error) {
    await registry.kill();
    throw error;
  }
  return { host, ...images, [Symbol.asyncDispose]: () => registry.kill() };
}

async function buildImages(context: string, names: Record<"pause" | "busybox", string>): Promise<void> {
  const busybox = findStaticBusybox(process.env);
  if (busybox === undefined) throw new Error("no static busybox on PATH (Debian's package busybox-static)");
  await copyFile(busybox, join(context, "busybox"));
  await writeFile(join(context, "Dockerfile"), DOCKERFILE);
  await using daemon = await startBuildKitDaemon();
  for (const [target, name] of Object.entries(names)) {
    const args = ["--local", `context=${context}`, "--local", `dockerfile=${context}`, "--opt", `target=${target}`];
    const output = ["--output", `type=image,name=${name},push=true`];
    await promisify(execFile)(tool("buildctl"), [
      "--addr",
      daemon.address,
      "build",
      "--frontend=dockerfile.v0",
      "--progress=plain",
      ...args,
      ...output,
    ]);
  }
}
