import { anyText, check, like } from "../arguments/index.ts";
import type { BuildStatus } from "./build.ts";
import type { LogEntry } from "./log-entry.ts";

const ENTRY = like("an entry of a build's log", ({ kind }) => typeof kind === "string");

/**
 * Has the build ended, well or not?
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const { builds } = await client.builds.list("web");
 * const underWay = builds.filter(({ status }) => !isTerminalStatus(status));
 * ```
 */
export function isTerminalStatus(status: BuildStatus): boolean {
  check("isTerminalStatus", { status: anyText }, { status });
  return status === "ready" || status === "error" || status === "cancelled";
}

/**
 * Is this the last entry of its build?
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * for await (const entry of client.builds.logs("tb_…", { follow: true })) {
 *   if (isTerminalEntry(entry)) console.log("The build has ended:", entry.message);
 * }
 * ```
 */
export function isTerminalEntry(entry: Pick<LogEntry, "kind">): boolean {
  check("isTerminalEntry", { entry: ENTRY }, { entry });
  return entry.kind === "end" || entry.kind === "error" || entry.kind === "cancelled";
}
