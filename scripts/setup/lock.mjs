import { linkSync, mkdirSync, renameSync, rmSync, statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "./errors.mjs";
import { identify, isRunning } from "./process-identity.mjs";
import { readJson, writeJson } from "./tool-cache.mjs";

const POLL_MS = 100;

/** A take-over is a rename: one that is older than this was cut off by a crash. */
const TAKEOVER_MAX_AGE_MS = 10_000;

/**
 * Runs `work` while no other process holds the lock `path`. A holder that was killed does not block: its lock names a
 * process that no longer runs.
 *
 * @template T
 * @param {string} path file of the lock
 * @param {{ timeoutMs: number, signal?: AbortSignal | undefined, onWait?: (holderPid: number | undefined) => void }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, { timeoutMs, signal, onWait }, work) {
  mkdirSync(dirname(path), { recursive: true });
  const deadlineMs = Date.now() + timeoutMs;
  let hasWaited = false;
  while (!tryLock(path)) {
    const holder = readJson(path);
    if (!isRunning(holder) && takeOver(path)) continue;
    if (Date.now() > deadlineMs) {
      throw new SetupError("LOCKED", `another run (process ${holder?.pid}) has held ${path} for too long`, {
        install: `end process ${holder?.pid}, then run the command again`,
      });
    }
    if (!hasWaited) onWait?.(holder?.pid);
    hasWaited = true;
    await sleep(POLL_MS, undefined, { signal });
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * A link to a complete file: the lock never exists without the name of its holder, as a file being written would.
 *
 * @param {string} path
 */
function tryLock(path) {
  const draft = `${path}.${process.pid}`;
  writeJson(draft, identify(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/**
 * Removes a dead holder's lock. Only one process at a time may try, and it looks again once it may: between the first
 * look and now another could have removed the dead lock and taken a live one.
 *
 * @param {string} path
 */
function takeOver(path) {
  const guard = `${path}.takeover`;
  if (!tryLock(guard)) {
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > TAKEOVER_MAX_AGE_MS) rmSync(guard, { force: true });
    return false;
  }
  try {
    if (isRunning(readJson(path))) return false;
    const grave = `${path}.${process.pid}.dead`;
    try {
      renameSync(path, grave);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
      throw error;
    }
    rmSync(grave, { force: true });
    return true;
  } finally {
    rmSync(guard, { force: true });
  }
}
