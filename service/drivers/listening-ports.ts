/** State of a TCP socket that listens, in /proc/net/tcp (include/net/tcp_states.h). */
const TCP_LISTEN = "0A";

/** Ports with a listener, each with the inodes of its sockets, from the text of /proc/net/tcp and tcp6. */
export function listeningPorts(table: string): Map<number, string[]> {
  const ports = new Map<number, string[]>();
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/\s+/);
    const [, local, , state] = columns;
    if (state !== TCP_LISTEN || local === undefined) continue;
    const port = Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16);
    ports.set(port, [...(ports.get(port) ?? []), columns[INODE_COLUMN] ?? ""]);
  }
  return ports;
}

/** The queues and the timer are two values in one column each. */
const INODE_COLUMN = 9;
