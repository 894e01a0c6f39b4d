import { anyText, check, like } from "../arguments/index.ts";
import type { BuildStatus } from "./build.ts";
import type { LogEntry } from "./log-entry.ts";

const ENTRY = like("an entry of a build's log", ({ kind }) => typeof kind === "string");

/** Has the build ended, well or not? */
export function isTerminalStatus(status: BuildStatus): boolean {
  check("isTerminalStatus", { status: anyText }, { status });
  return status === "ready" || status === "error" || status === "cancelled";
}

/** Is this the last entry of its build? */
export function isTerminalEntry(entry: Pick<LogEntry, "kind">): boolean {
  check("isTerminalEntry", { entry: ENTRY }, { entry });
  return entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
}
