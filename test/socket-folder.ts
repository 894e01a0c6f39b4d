import { mkdtempSync, rmSync } from "node:fs";

/**
 * A folder for a test's sockets, whose path is short wherever temporary files lie: the system opens no socket whose path has
 * more than some hundred bytes.
 */
export function socketFolder(): { path: string; remove(): void } {
  const path = mkdtempSync("/tmp/ns-");
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
