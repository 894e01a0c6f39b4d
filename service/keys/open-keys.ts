import { dirname } from "node:path";
import { dataPaths, openDataDirectory } from "../data-directory.ts";
import { StartupError } from "../errors.ts";
import { ApiKeyStore } from "../store/api-keys.ts";
import { Database } from "../store/database.ts";
import { DiskRoom } from "../store/disk-room.ts";
import { storeVersion } from "../store/store-version.ts";
import { MIGRATIONS } from "../store/migrations/index.ts";
import { forgetOldKey, takeOverOldKey } from "./folder-keys.ts";
import { pino } from "pino";

/**
 * Works on the keys of a data folder, also of one whose service runs: that one sees the change with its next request. A
 * folder that is not there is made, and a store of an earlier version is brought up to date.
 *
 * @throws StartupError: those of {@link openDataDirectory}; `store_too_new`; `store_in_use` when a service of another version runs
 */
export function withKeys<T>(directory: string, work: (keys: ApiKeyStore) => T): T {
  const paths = dataPaths(directory);
  if (storeVersion(paths.storePath) === MIGRATIONS.at(-1)?.number) return inStore(paths.storePath, work);
  const data = openOutdated(directory);
  try {
    return inStore(paths.storePath, (keys, db) => {
      if (takeOverOldKey(data, keys) !== undefined) forgetOldKey(data, db, pino({ base: null }, pino.destination(2)));
      return work(keys);
    });
  } finally {
    data.close();
  }
}

function inStore<T>(path: string, work: (keys: ApiKeyStore, db: Database) => T): T {
  // A key can be revoked on a full disk, too.
  const db = new Database(path, MIGRATIONS, new DiskRoom(dirname(path)));
  try {
    return work(new ApiKeyStore(db), db);
  } finally {
    db.close();
  }
}

/** Whoever brings a store up to date must be alone with it. */
function openOutdated(directory: string) {
  try {
    return openDataDirectory(directory);
  } catch (error) {
    if (!(error instanceof StartupError) || error.code !== "data_directory_in_use") throw error;
    throw new StartupError(
      `A nullspace-local of another version runs on the data directory ${directory}. Use that one's command, or stop it first.`,
      "store_in_use",
      error,
    );
  }
}
