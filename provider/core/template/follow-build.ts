import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { LogEntry, TemplateBuild } from "../../../sdk/wire/index.ts";
import { BuildFailedError } from "../../errors.ts";
import type { Log } from "../operation-context.ts";

/** Log lines that a failure repeats. */
export const LAST_LINES = 20;

export interface FollowOptions {
  log: Log;
  signal: AbortSignal;
  /**
   * Names of contexts, each of which is a line in front of the first stage of the Dockerfile that was sent.
   *
   * @default none
   */
  contexts?: readonly string[];
}

/**
 * Shows the build's log as it comes and waits for its end.
 *
 * @throws BuildFailedError when the build failed or was cancelled
 */
export async function followBuild(
  client: NullspaceClient,
  buildId: string,
  { log, signal, contexts = [] }: FollowOptions,
): Promise<TemplateBuild> {
  const last: string[] = [];
  const { build } = await client.builds.waitUntilTerminal(buildId, {
    signal,
    onEntry: (entry: LogEntry) => {
      const line = entry.message.trimEnd();
      if (line === "") return;
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
      if (entry.kind === "warning") log("warning", line);
      else log("info", `${stepOf(entry)}${line}`, { ephemeral: true });
    },
  });
  if (build.status === "ready") return build;
  throw new BuildFailedError(build.build_id, build.status, failureReasons(build, last, contexts));
}

function stepOf({ step_index, total_steps }: LogEntry): string {
  if (step_index == null) return "";
  return total_steps == null ? `[${step_index}] ` : `[${step_index}/${total_steps}] `;
}

/**
 * What a user needs to know of a build that ended badly: the step, the last lines of its log, what to do.
 *
 * @param contexts names of contexts, each of which is a line in front of the first stage of the Dockerfile that was sent
 */
export function failureReasons(
  build: TemplateBuild,
  last: readonly string[],
  contexts: readonly string[] = [],
): string[] {
  const name = build.canonical_ref || build.name;
  if (build.status === "cancelled") {
    const by = build.cancel_requested_by == null ? "" : ` by ${build.cancel_requested_by}`;
    const why = build.cancellation_reason ? `: ${build.cancellation_reason}` : "";
    return [`build ${build.build_id} of ${name} was cancelled${by}${why}. Run pulumi up again to build again.`];
  }
  const detail = build.error_detail;
  const where = [
    ...(detail?.step_index == null ? [] : [`step ${detail.step_index}`]),
    ...(detail?.phase === undefined ? [] : [`phase ${detail.phase}`]),
  ].join(", ");
  const message = detail?.message ?? build.error ?? "the service gives no reason";
  const advice = adviceFor(detail?.phase) ?? (detail?.suggested_action || "Fix the cause");
  return [
    `build ${build.build_id} of ${name} failed${where === "" ? "" : ` (${where})`}: ${message}`,
    ...ownLine(detail?.details, contexts),
    ...(last.length === 0 ? [] : [`last lines of its log:\n${last.map((line) => `  ${line}`).join("\n")}`]),
    `${advice.replace(/[.\s]+$/, "")}, then run pulumi up again.`,
  ];
}

/** The line of the user's own Dockerfile, where the service counts stages that contexts are written as. */
function ownLine(details: unknown, contexts: readonly string[]): string[] {
  const { dockerfile_line: line, step } = (details ?? {}) as { dockerfile_line?: unknown; step?: unknown };
  if (contexts.length === 0 || typeof line !== "number") return [];
  // BuildKit writes a step as `[stage 2/3] RUN …`: it is one of those stages itself that failed.
  const stage = /^\[(\S+) \d+\/\d+\]/.exec(String(step))?.[1];
  if (stage !== undefined && contexts.includes(stage)) return [];
  return [
    `line ${line} is line ${line - contexts.length} of your Dockerfile: contexts are written in front of it as stages`,
  ];
}

/** Where the service's own advice names a member of its requests, the input that leads to it. */
function adviceFor(phase: string | undefined): string | undefined {
  if (phase !== "auth") return undefined;
  return "Give the credentials of that registry as registryAuth, or check those that are given there";
}
