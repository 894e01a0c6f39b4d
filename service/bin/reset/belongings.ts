import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineConflictError, EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";
import { EngineArtifactStore } from "../../artifacts/engine/engine-artifact-store.ts";
import { dataPaths } from "../../data-directory.ts";
import { StartupError } from "../../errors.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { lockFile } from "../../store/file-lock.ts";
import { inspectStore } from "../../store/store-report.ts";

/** What a service has, and what a reset takes away. */
export interface Belongings {
  path: string;
  containers: { id: string; name: string }[];
  images: { name: string; sizeBytes: number }[];
}

/**
 * What the service of a data folder has on the engine. The folder is held until `release`, so that no service starts on it.
 *
 * @throws StartupError `nothing_to_reset` when there is no data folder; `data_directory_in_use` while its service runs
 */
export async function holdBelongings(
  directory: string,
  engine: DockerEngine,
  signal: AbortSignal,
): Promise<Belongings & { release: () => void }> {
  const { path, storePath, idPath: idFile, lockPath } = dataPaths(directory);
  if (!existsSync(idFile)) {
    throw new StartupError(`${path} is not a data folder of nullspace-local. Name it with --data.`, "nothing_to_reset");
  }
  const release = lockFile(lockPath);
  if (release === undefined) {
    throw new StartupError(`The service of ${path} runs. Stop it first.`, "data_directory_in_use");
  }
  try {
    const instanceId = readFileSync(idFile, "utf8").trim();
    const recorded = recordedArtifacts(storePath);
    const filters = { label: [`${INSTANCE_LABEL}=${instanceId}`] };
    const containers = await engine.containers.list({ all: true, filters, signal });
    const images = await new EngineArtifactStore(engine, instanceId).list(signal);
    return {
      path,
      containers: containers.map(({ Id, Names }) => ({
        id: Id,
        name: Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12),
      })),
      // By its label what the service has built, by its name also what it has only named.
      images: images
        .filter(({ isOwn, templateId }) => isOwn || recorded.has(templateId))
        .map(({ imageRef, sizeBytes }) => ({ name: imageRef, sizeBytes })),
      release,
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Artifacts of a store; none where there is no store, or none that can be read. */
function recordedArtifacts(storePath: string): ReadonlySet<string> {
  try {
    return new Set(inspectStore(storePath).artifacts.map(({ templateId }) => templateId));
  } catch {
    return new Set(); // What has the service's label goes all the same.
  }
}

/**
 * Removes the containers and images of a service, then its folder; files that are not the service's stay, and the folder with
 * them. A reset that was cut goes on where it was.
 *
 * @returns names of images that stay, because containers of others run on them
 */
export async function removeBelongings(
  { path, containers, images, release }: Belongings & { release: () => void },
  engine: DockerEngine,
  signal: AbortSignal,
): Promise<string[]> {
  const kept: string[] = [];
  try {
    for (const { id } of containers) await unlessGone(engine.containers.remove(id, { force: true, signal }));
    for (const { name } of images) {
      try {
        await unlessGone(engine.images.remove(name, { signal }));
      } catch (error) {
        if (!(error instanceof EngineConflictError)) throw error;
        kept.push(name);
      }
    }
    // While the folder is held, so that no service starts on it. The id last: by it, what is on the engine is found.
    const { storePath, blobsPath, oldKeyPath, lockPath, idPath } = dataPaths(path);
    const stores = ["", "-wal", "-shm"].map((suffix) => storePath + suffix);
    for (const file of [blobsPath, join(path, "reserve"), oldKeyPath, ...stores, lockPath, idPath]) {
      rmSync(file, { recursive: true, force: true });
    }
    if (readdirSync(path).length === 0) rmdirSync(path);
  } finally {
    release();
  }
  return kept;
}

async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof EngineNotFoundError)) throw error;
  }
}
