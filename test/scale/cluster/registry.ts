import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
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
  readonly process: ClusterProcess;
  /** Builds an image by some lines on the one with busybox, and pushes it. @returns its name, with its digest */
  push(name: string, lines: readonly string[]): Promise<string>;
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
  return {
    host,
    ...images,
    process: registry,
    push: (name, lines) => pushOn(images.busyboxImage, dir, `${host}/${name}`, lines),
    [Symbol.asyncDispose]: () => registry.kill(),
  };
}

async function pushOn(base: string, dir: string, name: string, lines: readonly string[]): Promise<string> {
  const context = await mkdtemp(join(dir, "push-"));
  await writeFile(join(context, "Dockerfile"), [`FROM ${base}`, ...lines, ""].join("\n"));
  await using daemon = await startBuildKitDaemon();
  const metadata = join(context, "metadata.json");
  await build(daemon.address, context, ["--output", `type=image,name=${name},push=true`, "--metadata-file", metadata]);
  const { "containerimage.digest": digest } = JSON.parse(await readFile(metadata, "utf8")) as Record<string, string>;
  return `${name}@${digest}`;
}

async function build(address: string, context: string, more: readonly string[]): Promise<void> {
  const folders = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
  const args = ["--addr", address, "build", "--frontend=dockerfile.v0", "--progress=plain", ...folders, ...more];
  await promisify(execFile)(tool("buildctl"), args);
}

async function buildImages(context: string, names: Record<"pause" | "busybox", string>): Promise<void> {
  const busybox = findStaticBusybox(process.env);
  if (busybox === undefined) throw new Error("no static busybox on PATH (Debian's package busybox-static)");
  await copyFile(busybox, join(context, "busybox"));
  await writeFile(join(context, "Dockerfile"), DOCKERFILE);
  await using daemon = await startBuildKitDaemon();
  for (const [target, name] of Object.entries(names)) {
    const output = ["--output", `type=image,name=${name},push=true`];
    await build(daemon.address, context, ["--opt", `target=${target}`, ...output]);
  }
}
