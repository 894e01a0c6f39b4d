import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dataPaths } from "../../data-directory.ts";
import { StartupError } from "../../errors.ts";
import { setupsPath } from "../../setups.ts";
import { lockFile } from "../../store/file-lock.ts";
import { inspectStore } from "../../store/store-report.ts";

/** A data folder on which no service starts until it is released. */
export interface HeldFolder {
  readonly path: string;
  readonly instanceId: string;
  /** Ids of the artifacts of its store; none where there is no store, or none that can be read. */
  readonly artifacts: ReadonlySet<string>;
  release(): void;
  /** Removes what is the service's in it, and the folder when nothing else is there. Call it while it is held. */
  remove(): void;
}

/** @throws StartupError `nothing_to_reset` when there is no data folder; `data_directory_in_use` while its service runs */
export function holdFolder(directory: string): HeldFolder {
  const { path, storePath, blobsPath, oldKeyPath, lockPath, idPath } = dataPaths(directory);
  if (!existsSync(idPath)) {
    throw new StartupError(`${path} is not a data folder of nullspace-local. Name it with --data.`, "nothing_to_reset");
  }
  const release = lockFile(lockPath);
  if (release === undefined) {
    throw new StartupError(`The service of ${path} runs. Stop it first.`, "data_directory_in_use");
  }
  return {
    path,
    instanceId: readFileSync(idPath, "utf8").trim(),
    artifacts: recordedArtifacts(storePath),
    release,
    remove() {
      const stores = ["", "-wal", "-shm"].map((suffix) => storePath + suffix);
      const setups = [setupsPath({ path }), `${setupsPath({ path })}.new`];
      const rest = [blobsPath, join(path, "reserve"), oldKeyPath, ...stores, ...setups];
      // The id last: by it, what is outside of the folder is found.
      for (const file of [...rest, lockPath, idPath]) rmSync(file, { recursive: true, force: true });
      if (readdirSync(path).length === 0) rmdirSync(path);
    },
  };
}

function recordedArtifacts(storePath: string): ReadonlySet<string> {
  try {
    return new Set(inspectStore(storePath).artifacts.map(({ templateId }) => templateId));
  } catch {
    return new Set(); // What has the service's label goes all the same.
  }
}
