import { readFileSync } from "node:fs";

/**
 * A process that can be told from a later one with the same number.
 *
 * @typedef {object} ProcessIdentity
 * @property {number} pid
 * @property {string | null} startedAt start time in clock ticks since boot plus the boot's id; `null` where there is no /proc
 */

/**
 * @param {number} pid
 * @returns {ProcessIdentity}
 */
export function identify(pid) {
  return { pid, startedAt: readStart(pid)?.startedAt ?? null };
}

/**
 * Whether that very process runs: not one that has its number now, not a zombie that nobody has waited for.
 *
 * @param {unknown} identity read from a file, so of any shape
 * @returns {identity is ProcessIdentity}
 */
export function isRunning(identity) {
  if (typeof identity !== "object" || identity === null || !("pid" in identity)) return false;
  const { pid } = identity;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM = it runs, as another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = readStart(pid);
  const startedAt = "startedAt" in identity ? identity.startedAt : null;
  // Without a start time (no /proc, when it was noted) the number has to do.
  if (typeof startedAt !== "string") return now?.isZombie !== true;
  return now !== undefined && !now.isZombie && now.startedAt === startedAt;
}

/** @param {number} pid */
function readStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): the second field is the command in brackets and may hold blanks and brackets; state is field 3, the
    // number of threads 20, start 22. The first thread can be dead while others still hold the sockets of the process.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { isZombie: fields[0] === "Z" && Number(fields[17]) <= 1, startedAt: `${boot}:${fields[19]}` };
  } catch {
    return undefined; // No /proc, or the process ended while it was read.
  }
}
