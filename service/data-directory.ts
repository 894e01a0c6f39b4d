import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { asError, StartupError } from "./errors.ts";
import { lockFile } from "./store/file-lock.ts";

/** Where the service keeps its state unless told otherwise: NULLSPACE_LOCAL_DATA, else the XDG data folder. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NULLSPACE_LOCAL_DATA) return resolve(env.NULLSPACE_LOCAL_DATA);
  return join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "nullspace-local");
}

/** The service's folder, held by this process until {@link DataDirectory.close}. */
export interface DataDirectory {
  path: string;
  /** SQLite file of the store. */
  storePath: string;
  /** Folder of the blobs. */
  blobsPath: string;
  apiKey: string;
  /** Tells this service's images and containers from those of another service on the same engine. */
  instanceId: string;
  /** Lets another process use the folder. */
  close(): void;
}

/**
 * Opens (and at first use makes) the folder, mode 0700, with its API key, mode 0600.
 *
 * @throws StartupError `data_directory_in_use` while another service holds it; `data_directory_unusable` when it cannot
 *   be made or read
 */
export function openDataDirectory(directory: string): DataDirectory {
  // Absolute: to SQLite a relative path can be a URL (`file:…`), in which it reads `?`, `#` and `%`.
  const path = resolve(directory);
  const storePath = join(path, "store.db");
  if (Buffer.byteLength(storePath) > LONGEST_STORE_PATH_BYTES) {
    throw unusable(path, `its path has ${Buffer.byteLength(path)} bytes, more than SQLite opens`);
  }
  let release: (() => void) | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
    release = lock(path);
    const blobsPath = join(path, "blobs");
    mkdirSync(blobsPath, { recursive: true, mode: 0o700 });
    return {
      path,
      storePath,
      blobsPath,
      apiKey: readOrMake(join(path, "api-key"), () => `ns_local_${randomBytes(24).toString("base64url")}`),
      instanceId: readOrMake(join(path, "instance-id"), () => randomBytes(8).toString("hex")),
      close: release,
    };
  } catch (error) {
    release?.();
    throw error instanceof StartupError ? error : unusable(path, asError(error).message, error);
  }
}

function unusable(path: string, reason: string, cause?: unknown): StartupError {
  return new StartupError(
    `The data directory ${path} cannot be used: ${reason}. Choose another with --data.`,
    "data_directory_unusable",
    cause,
  );
}

function lock(path: string): () => void {
  const release = lockFile(join(path, "lock.db"));
  if (release !== undefined) return release;
  throw new StartupError(
    `Another nullspace-local uses the data directory ${path}. Stop it, or choose another directory with --data.`,
    "data_directory_in_use",
  );
}

/** SQLite's 512 bytes (os_unix.c, MAX_PATHNAME), less room for `-journal` behind the name. */
const LONGEST_STORE_PATH_BYTES = 512 - "-journal".length - 1;

function readOrMake(path: string, make: () => string): string {
  if (!existsSync(path)) {
    // Written aside and linked, so that a crash in the middle leaves no empty key.
    const temporary = `${path}.new`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${make()}\n`, { mode: 0o600, flag: "wx", flush: true });
    linkSync(temporary, path);
    rmSync(temporary);
  }
  const value = readFileSync(path, "utf8").trim();
  if (value === "") {
    throw new StartupError(
      `${path} is empty. Remove it, and the next start makes a new one.`,
      "data_directory_unusable",
    );
  }
  return value;
}
