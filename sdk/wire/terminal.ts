import type { BuildStatus } from "./build.ts";
import type { LogEntry } from "./log-entry.ts";

/** Has the build ended, well or not? */
export function isTerminalStatus(status: BuildStatus): boolean {
  return status === "ready" || status === "error" || status === "cancelled";
}

/** Is this the last entry of its build? */
export function isTerminalEntry(entry: Pick<LogEntry, "kind">): boolean {
  return entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
}
