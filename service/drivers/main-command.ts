import type { MachineArtifact } from "../fleet/guests/machine-driver.ts";

/** Keeps a machine without a start command alive; ends at once when it is asked to. */
const IDLE = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";

/** What a machine runs, as text for `sh -c`. */
export function mainCommand({
  startCmd,
  mayStartCmdEnd,
}: Pick<MachineArtifact, "startCmd" | "mayStartCmdEnd">): string {
  if (startCmd === undefined) return IDLE;
  return mayStartCmdEnd ? `trap 'kill $!; exit 0' TERM INT; ${startCmd} & wait $!; ${IDLE}` : startCmd;
}

/**
 * What root may do in a machine; the rest of root's power is taken away, also from programs that would get it by setuid.
 * These are what package managers, web servers, `su`, and servers that change their user or root folder need. Of Docker's
 * own list there are not: raw sockets, device nodes, file capabilities, and the audit log.
 */
export const CAPABILITIES = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
  "SYS_CHROOT",
];
