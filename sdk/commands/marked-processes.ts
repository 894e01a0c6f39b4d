/** Marks the processes of one command: a variable is inherited by all that they start. */
export const MARK = "NULLSPACE_EXEC_ID";

/** Killing must not take longer than the command was allowed to. */
export const KILL_TIMEOUT_MS = 5_000;

/**
 * A script for `/bin/sh` that kills every process that carries the mark, for whom the container's interface has no way to end a
 * command. It needs `grep` in the image, and has to run as root to see the processes of every user.
 *
 * @returns its text; it ends with 0 once no such process is left
 * @example
 * ```ts
 * import { spawnSync } from "node:child_process";
 *
 * const mark = "0b5e1c2a";
 * const isGone = spawnSync("docker", ["exec", "--user", "0", "web", "/bin/sh", "-c", killScript(mark)]).status === 0;
 * ```
 */
export function killScript(mark: string): string {
  // Killing may race with forking, so it goes on until a round finds nothing.
  return `n=0; while [ $n -lt 20 ]; do n=$((n+1)); f=
for p in /proc/[0-9]*; do grep -q "${MARK}=${mark}" "$p/environ" 2>/dev/null && kill -9 "\${p#/proc/}" 2>/dev/null && f=1; done
[ -z "$f" ] && exit 0; done; exit 1`;
}
