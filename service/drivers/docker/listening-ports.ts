/** State of a TCP socket that listens, in /proc/net/tcp (include/net/tcp_states.h). */
const TCP_LISTEN = "0A";

/** Ports with a listener, from the text of /proc/net/tcp and tcp6. */
export function listeningPorts(table: string): Set<number> {
  const ports = new Set<number>();
  for (const line of table.split("\n")) {
    const [, local, , state] = line.trim().split(/\s+/);
    if (state === TCP_LISTEN && local !== undefined)
      ports.add(Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
  }
  return ports;
}
