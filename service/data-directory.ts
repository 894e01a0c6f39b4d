import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { asError, StartupError } from "./errors.ts";
import { diskFullAtStart, DiskRoom } from "./store/disk-room.ts";
import { lockFile } from "./store/file-lock.ts";

/** Where the service keeps its state unless told otherwise: NULLSPACE_LOCAL_DATA, else the XDG data folder. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NULLSPACE_LOCAL_DATA) return resolve(env.NULLSPACE_LOCAL_DATA);
  return join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "nullspace-local");
}

/** The files of a data folder. */
export interface DataPaths {
  path: string;
  /** SQLite file of the store. */
  storePath: string;
  /** Folder of the blobs. */
  blobsPath: string;
  /** What tells the service's images and containers from those of others. */
  idPath: string;
  /** Held while a service runs. */
  lockPath: string;
  /** Where earlier versions kept the one key; see {@link readOldKey}. */
  oldKeyPath: string;
}

/** The service's folder, held by this process until {@link DataDirectory.close}. */
export interface DataDirectory extends DataPaths {
  /** Tells this service's images and containers from those of another service on the same engine. */
  instanceId: string;
  /** Lets another process use the folder. */
  close(): void;
}

/**
 * Opens (and at first use makes) the folder. It is its owner's alone, and so is every file in it, whatever the umask.
 *
 * @throws StartupError `data_directory_in_use` while another service holds it; `data_directory_unusable` when it cannot
 *   be made or read, or is not the service's to use
 */
export function openDataDirectory(directory: string): DataDirectory {
  const paths = dataPaths(directory);
  const { path, storePath, blobsPath } = paths;
  let release: (() => void) | undefined;
  try {
    takeFolder(path);
    release = lock(paths);
    makeFolder(blobsPath);
    const instanceId = readOrMake(paths.idPath, newInstanceId);
    // SQLite gives its log and its shared memory the mode of the file that they belong to.
    for (const suffix of ["", "-wal", "-shm"]) keepPrivate(storePath + suffix, suffix === "");
    return { ...paths, instanceId, close: release };
  } catch (error) {
    release?.();
    throw error instanceof StartupError ? error : unusable(path, asError(error).message, error);
  }
}

/** The files of a folder, whether it is there or not. @throws StartupError when its path is too long for SQLite */
export function dataPaths(directory: string): DataPaths {
  // Absolute: to SQLite a relative path can be a URL (`file:…`), in which it reads `?`, `#` and `%`.
  const path = resolve(directory);
  const storePath = join(path, "store.db");
  if (Buffer.byteLength(storePath) > LONGEST_STORE_PATH_BYTES) {
    throw unusable(path, `its path has ${Buffer.byteLength(path)} bytes, more than SQLite opens`);
  }
  return {
    path,
    storePath,
    blobsPath: join(path, "blobs"),
    idPath: join(path, INSTANCE_ID),
    lockPath: join(path, LOCK),
    oldKeyPath: join(path, "api-key"),
  };
}

/** An id for a service. */
export function newInstanceId(): string {
  return randomBytes(8).toString("hex");
}

/** The key that an earlier version left in the folder, in the clear; `undefined` when there is none. */
export function readOldKey({ path, oldKeyPath }: DataPaths): string | undefined {
  try {
    return readFileSync(oldKeyPath, "utf8").trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, asError(error).message, error);
  }
}

function unusable(path: string, reason: string, cause?: unknown): StartupError {
  if (new DiskRoom(path).isFull(cause)) return diskFullAtStart(path, cause);
  return new StartupError(
    `The data directory ${path} cannot be used: ${reason}. Choose another with --data.`,
    "data_directory_unusable",
    cause,
  );
}

const LOCK = "lock.db";
const INSTANCE_ID = "instance-id";
/** Any of these makes a folder one of ours; the lock is made first. */
const MARKS = [LOCK, INSTANCE_ID];

const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_ANYTHING = 0o077;

/**
 * Makes the folder, or sees that the one that is there may be used: it belongs to this user, nobody else may write in it,
 * and it is empty or holds a service's data already. Nothing of a folder that is refused is changed.
 */
function takeFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return makeFolder(path);
  if (!found.isDirectory()) throw unusable(path, "it is not a folder");
  const user = process.geteuid?.();
  if (user !== undefined && found.uid !== user) {
    throw unusable(path, `it belongs to the user ${found.uid}, and this service runs as ${user}`);
  }
  const names = readdirSync(path);
  if (names.length > 0 && !MARKS.some((mark) => names.includes(mark))) {
    throw unusable(path, `it holds other things, such as ${names[0]}; name a folder in it that does not exist yet`);
  }
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) {
    const mode = (found.mode & 0o7777).toString(8);
    throw unusable(path, `others can write to it (mode ${mode}); if all that is in it is yours, run chmod 700 on it`);
  }
  if ((found.mode & OTHERS_MAY_ANYTHING) !== 0) chmodSync(path, 0o700);
}

/** Makes a folder with those above it; its mode is not left to the umask. */
function makeFolder(path: string): void {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(path, 0o700);
}

/** Gives a file to its owner alone. @param make when it is not there, make it, empty */
function keepPrivate(path: string, make: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (!make) return;
    writeFileSync(path, "", { mode: 0o600, flag: "wx" });
    chmodSync(path, 0o600);
  } else if (found.isFile() && (found.mode & 0o777) !== 0o600) chmodSync(path, 0o600);
}

/** Holds the folder until the process ends, however it ends. */
function lock({ path, lockPath: file }: DataPaths): () => void {
  keepPrivate(file, true);
  const release = lockFile(file);
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
    // Written aside and linked, so that a crash in the middle leaves no empty file.
    const temporary = `${path}.new`;
    rmSync(temporary, { force: true });
    writeFileSync(temporary, `${make()}\n`, { mode: 0o600, flag: "wx", flush: true });
    chmodSync(temporary, 0o600);
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
  keepPrivate(path, false);
  return value;
}
