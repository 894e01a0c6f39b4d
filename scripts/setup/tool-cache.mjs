import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { SetupError } from "./errors.mjs";

/** `sun_path` of unix(7) is 108 bytes with its closing NUL. */
export const LONGEST_SOCKET_PATH_BYTES = 107;

/** The longest path that the engine makes below its runtime folder. */
const LONGEST_SOCKET_BELOW_RUNTIME = "-modern/exec/containerd/containerd.sock.ttrpc";

/**
 * The folder where set-up keeps what is made once a machine: Node, the Pulumi CLI, the private engine and registry.
 *
 * @typedef {object} ToolCache
 * @property {string} root `$XDG_CACHE_HOME/pulumi-nullspace`, by default `~/.cache/pulumi-nullspace`
 * @property {string} id eight hexadecimal digits of the root: names what two caches on one machine must not share
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {ToolCache}
 */
export function toolCache(env) {
  // XDG Base Directory Specification: a relative path is invalid and to be ignored.
  const base = env["XDG_CACHE_HOME"];
  const home = env["HOME"] || homedir();
  const root = join(base !== undefined && isAbsolute(base) ? base : join(home, ".cache"), "pulumi-nullspace");
  return { root, id: createHash("sha256").update(root).digest("hex").slice(0, 8) };
}

/**
 * A folder for sockets and pid files: in the cache, or, where the paths of sockets would get too long, a short private
 * one in `$XDG_RUNTIME_DIR` or /tmp.
 *
 * @param {ToolCache} cache
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function runtimeFolder(cache, env) {
  const name = `pulumi-nullspace-${process.getuid?.() ?? 0}-${cache.id}`;
  const last = join("/tmp", name);
  const wanted = [join(cache.root, "run"), ...(env["XDG_RUNTIME_DIR"] ? [join(env["XDG_RUNTIME_DIR"], name)] : [])];
  const isShort = (/** @type {string} */ folder) =>
    Buffer.byteLength(`${folder}/${LONGEST_SOCKET_BELOW_RUNTIME}`) <= LONGEST_SOCKET_PATH_BYTES;
  return wanted.find(isShort) ?? last;
}

/**
 * Makes a folder that only this user can enter, and refuses one that somebody else has put there (in /tmp anybody can).
 *
 * @param {string} path
 */
export function makePrivateFolder(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const facts = lstatSync(path);
  const isOurs = facts.isDirectory() && (process.getuid === undefined || facts.uid === process.getuid());
  if (!isOurs) {
    throw new SetupError("FOREIGN_FOLDER", `${path} belongs to another user: set-up does not put its sockets there`, {
      install: `remove ${path}, or set XDG_RUNTIME_DIR to a folder of your own`,
    });
  }
}

/**
 * Reads a small JSON file of the cache.
 *
 * @param {string} path
 * @returns {any} `undefined` when the file is absent or was cut off by a crash: a cache is made again, not repaired
 */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "code" in error && error.code === "ENOENT"))
      return undefined;
    throw error;
  }
}

/**
 * Writes a small JSON file in one step: a reader sees the old content or the new one.
 *
 * @param {string} path
 * @param {unknown} value
 */
export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`);
  renameSync(draft, path);
}

/** How long a download that failed is not tried again, so that every later run does not wait for the same refusal. */
export const REMEMBER_FAILURE_MS = 24 * 60 * 60 * 1000;

/**
 * @param {ToolCache} cache
 * @param {string} what e.g. `pulumi-download`
 * @param {number} [nowMs]
 * @returns {string | undefined} the reason, when `what` failed on this machine within the last day
 */
export function recallFailure(cache, what, nowMs = Date.now()) {
  const memo = readJson(join(cache.root, "failures", `${what}.json`));
  const isFresh = typeof memo?.atMs === "number" && memo.atMs <= nowMs && nowMs - memo.atMs < REMEMBER_FAILURE_MS;
  return isFresh ? String(memo.reason) : undefined;
}

/**
 * @param {ToolCache} cache
 * @param {string} what
 * @param {string} reason
 * @param {number} [nowMs]
 */
export function rememberFailure(cache, what, reason, nowMs = Date.now()) {
  writeJson(join(cache.root, "failures", `${what}.json`), { atMs: nowMs, reason });
}

/**
 * @param {ToolCache} cache
 * @param {string} what
 */
export function forgetFailure(cache, what) {
  rmSync(join(cache.root, "failures", `${what}.json`), { force: true });
}
