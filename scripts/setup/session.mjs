import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { signalGroup } from "./command.mjs";

/** How long what is told to end may take before it is killed. */
const KILL_AFTER_MS = 5_000;

/** Between two looks at processes that are no children of this one, whose end nobody tells. */
const LOOK_EVERY_MS = 100;

/**
 * Ends what a process that led a session has left in it: commands that it was running, and what they have put into groups of their own,
 * as the Pulumi CLI does with its plugins. Where there is no /proc, its own group is told to end.
 *
 * @param {number | undefined} leader the process, which has ended; undefined: it did not start
 * @param {{ patienceMs?: number, killAfterMs?: number }} [options] `patienceMs`: how long what is in the leader's own group may take
 *   to end by itself, as a signal has reached it; default 0
 */
export async function endSession(leader, { patienceMs = 0, killAfterMs = KILL_AFTER_MS } = {}) {
  if (leader === undefined) return;
  if (membersOf(leader) === undefined) return signalGroup(leader, "SIGTERM");
  // In other groups nothing has been told: that is ended by who started it there, or now.
  await isOver(leader, patienceMs, "group");
  for (const name of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
    for (const pid of membersOf(leader) ?? []) signal(pid, name);
    if (await isOver(leader, killAfterMs)) return;
  }
}

/**
 * @param {number} leader
 * @param {number} withinMs
 * @param {"group" | "session"} [of]
 */
async function isOver(leader, withinMs, of = "session") {
  const endMs = performance.now() + withinMs;
  while ((membersOf(leader, of) ?? []).length > 0) {
    if (performance.now() >= endMs) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

/**
 * @param {number} leader
 * @param {"group" | "session"} [of]
 * @returns {number[] | undefined} processes of its group or session that run; undefined where nothing tells
 */
function membersOf(leader, of = "session") {
  /** @type {string[]} */
  let names;
  try {
    names = readdirSync("/proc");
  } catch {
    return undefined;
  }
  if (!names.includes(String(process.pid))) return undefined;
  return names.filter((name) => /^\d+$/.test(name) && isMember(name, leader, of)).map(Number);
}

/**
 * @param {string} pid
 * @param {number} leader
 * @param {"group" | "session"} of
 */
function isMember(pid, leader, of) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything: fields are counted from its end (proc_pid_stat(5)).
    const [state, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state !== "Z" && Number(of === "group" ? group : session) === leader;
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} name
 */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
