import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Folders that a short PATH (cron, `su`, CI) often lacks: where dockerd, ip and busybox live, and Go's official archive.
 */
const USUAL_FOLDERS = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/usr/local/go/bin",
];

/**
 * What set-up must know about the machine.
 *
 * @typedef {object} Platform
 * @property {"debian" | "linux" | "macos" | "other"} kind `debian` = Debian and what descends from it, with apt-get
 * @property {string} arch Node's word for the processor: `x64`, `arm64`, ...
 * @property {boolean} isRoot
 * @property {boolean} canInstallPackages root on Debian: apt-get may be used
 */

/**
 * @param {{ env: NodeJS.ProcessEnv, os?: string, arch?: string, uid?: number | undefined, osRelease?: string | undefined }} facts
 *   everything but `env` is read from the machine when it is not given
 * @returns {Platform}
 */
export function readPlatform({
  env,
  os = process.platform,
  arch = process.arch,
  uid = process.getuid?.(),
  osRelease = readOsRelease(),
}) {
  const isRoot = uid === 0;
  const isDebian = os === "linux" && isDebianLike(osRelease ?? "") && findCommand("apt-get", env) !== undefined;
  /** @type {Platform["kind"]} */
  const kind = isDebian ? "debian" : os === "linux" ? "linux" : os === "darwin" ? "macos" : "other";
  return { kind, arch, isRoot, canInstallPackages: isDebian && isRoot };
}

/** @param {string} osRelease content of /etc/os-release (os-release(5): ID and the space-separated ID_LIKE) */
export function isDebianLike(osRelease) {
  const values = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].map((match) => match[1] ?? "");
  return values.some((value) => value.replace(/["']/g, "").split(/\s+/).includes("debian"));
}

function readOsRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return undefined; // Not every system has it (macOS, some containers): then it is not Debian.
  }
}

/**
 * PATH with the usual folders at its end. An empty PATH stays empty: it means that nothing is to be found by luck.
 *
 * @param {string | undefined} path
 */
export function withUsualFolders(path) {
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.length === 0 ? "" : [...new Set([...folders, ...USUAL_FOLDERS])].join(delimiter);
}

/**
 * The first executable file called `name` on PATH.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} absolute path
 */
export function findCommand(name, env) {
  return findCommands(name, env)[0];
}

/**
 * Every executable file called `name`, in the order of PATH.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
export function findCommands(name, env) {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).filter(isExecutableFile);
}

/** @param {string} path */
export function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Absent, unreadable or not executable: all mean "not a command here".
  }
}
