import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError } from "./errors.mjs";
import { withLock } from "./lock.mjs";
import { identify, isRunning } from "./process-identity.mjs";
import { readJson, writeJson } from "./tool-cache.mjs";

/** Longer than any start or stop below takes, so that a second run waits for the first instead of giving up. */
const LOCK_TIMEOUT_MS = 180_000;

const POLL_MS = 100;

/**
 * A background process that set-up owns: the private dockerd, the loopback registry.
 *
 * @typedef {object} SharedProcess
 * @property {string} name
 * @property {string} folder where its state is kept
 * @property {number} startTimeoutMs
 * @property {number} stopTimeoutMs after SIGTERM; then it is killed
 * @property {() => Promise<boolean>} isAnswering
 * @property {() => Promise<number>} start starts it detached and gives its pid; throws SetupError
 * @property {() => string} tail the last lines of its log
 * @property {() => Promise<void>} [cleanUp] removes what it leaves behind when it has ended
 */

/**
 * Starts the process unless it runs, and notes that this process uses it.
 *
 * Runs side by side share it: whoever comes first starts it, whoever leaves last stops it. One that was kept
 * (`release({ keep: true })`) stays until `stopShared`.
 *
 * @param {SharedProcess} shared
 * @param {{ signal?: AbortSignal | undefined }} [options]
 * @returns {Promise<{ wasStarted: boolean, release: (options?: { keep?: boolean }) => Promise<void> }>}
 */
export async function useShared(shared, { signal } = {}) {
  const lease = join(shared.folder, "users", `${process.pid}.json`);
  const wasStarted = await locked(shared, signal, async () => {
    mkdirSync(join(shared.folder, "users"), { recursive: true });
    const known = readJson(join(shared.folder, "process.json"));
    const isUp = isRunning(known) && (await waitForAnswer(shared, known.pid, signal));
    // It runs but does not answer: it is ours and of no use to anybody.
    if (!isUp && isRunning(known)) await end(shared, known);
    if (!isUp) await start(shared, signal);
    writeJson(lease, identify(process.pid));
    return !isUp;
  });
  return {
    wasStarted,
    release: async ({ keep = false } = {}) => {
      await locked(shared, undefined, async () => {
        rmSync(lease, { force: true });
        if (keep) writeFileSync(join(shared.folder, "kept"), "");
        if (existsSync(join(shared.folder, "kept")) || liveUsers(shared).length > 0) return;
        await endKnown(shared);
      });
    },
  };
}

/**
 * Stops the process even though it was kept.
 *
 * @param {SharedProcess} shared
 * @returns {Promise<"stopped" | "was not running" | "in use">}
 */
export async function stopShared(shared) {
  if (!existsSync(shared.folder)) return "was not running";
  return locked(shared, undefined, async () => {
    rmSync(join(shared.folder, "kept"), { force: true });
    if (liveUsers(shared).length > 0) return "in use";
    return (await endKnown(shared)) ? "stopped" : "was not running";
  });
}

/**
 * @param {SharedProcess} shared
 * @returns {number[]} process numbers of the runs that use it now
 */
export function liveUsers(shared) {
  const folder = join(shared.folder, "users");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => {
    const path = join(folder, file);
    const user = readJson(path);
    if (isRunning(user)) return [user.pid];
    rmSync(path, { force: true });
    return [];
  });
}

/**
 * @template T
 * @param {SharedProcess} shared
 * @param {AbortSignal | undefined} signal
 * @param {() => Promise<T>} work
 */
function locked(shared, signal, work) {
  return withLock(join(shared.folder, "lock"), { timeoutMs: LOCK_TIMEOUT_MS, signal }, work);
}

/**
 * @param {SharedProcess} shared
 * @param {AbortSignal | undefined} signal
 */
async function start(shared, signal) {
  rmSync(join(shared.folder, "kept"), { force: true });
  await shared.cleanUp?.();
  const identity = identify(await shared.start());
  // Noted before it answers: a run that is killed now leaves a process that the next one finds.
  writeJson(join(shared.folder, "process.json"), identity);
  let isUp = false;
  try {
    isUp = await waitForAnswer(shared, identity.pid, signal);
  } finally {
    if (!isUp) await endKnown(shared);
  }
  if (isUp) return;
  throw new SetupError(
    "PROCESS_NOT_UP",
    `${shared.name} was started but did not answer within ${shared.startTimeoutMs / 1000} s. The end of its log:\n${shared.tail()}`,
  );
}

/**
 * @param {SharedProcess} shared
 * @param {number} pid
 * @param {AbortSignal | undefined} signal
 */
async function waitForAnswer(shared, pid, signal) {
  const identity = identify(pid);
  const deadlineMs = Date.now() + shared.startTimeoutMs;
  while (!(await shared.isAnswering())) {
    if (!isRunning(identity) || Date.now() > deadlineMs) return false;
    await sleep(POLL_MS, undefined, { signal });
  }
  return true;
}

/** @param {SharedProcess} shared */
async function endKnown(shared) {
  const known = readJson(join(shared.folder, "process.json"));
  const wasRunning = isRunning(known);
  if (wasRunning) await end(shared, known);
  rmSync(join(shared.folder, "process.json"), { force: true });
  if (wasRunning) await shared.cleanUp?.();
  return wasRunning;
}

/**
 * @param {SharedProcess} shared
 * @param {import("./process-identity.mjs").ProcessIdentity} identity
 */
async function end(shared, identity) {
  /** @type {readonly ["SIGTERM" | "SIGKILL", number][]} */
  const rounds = [
    ["SIGTERM", shared.stopTimeoutMs],
    ["SIGKILL", 5_000],
  ];
  for (const [name, timeoutMs] of rounds) {
    if (!isRunning(identity)) return;
    signalProcess(identity.pid, name);
    const deadlineMs = Date.now() + timeoutMs;
    while (isRunning(identity) && Date.now() < deadlineMs) await sleep(POLL_MS);
  }
  if (isRunning(identity)) {
    throw new SetupError(
      "PROCESS_NOT_STOPPED",
      `${shared.name} (process ${identity.pid}) does not end, not even killed`,
      {
        install: `look at process ${identity.pid} and at the end of its log:\n${shared.tail()}`,
      },
    );
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signalProcess(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended between the look and the signal, which is what was asked for.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
