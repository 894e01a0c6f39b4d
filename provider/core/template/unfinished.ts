import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus } from "../../../sdk/wire/index.ts";
import { orGone } from "../service-errors.ts";
import { failureReasons, LAST_LINES } from "./follow-build.ts";
import type { BuildAttempt } from "./outputs.ts";

/**
 * Why a build that is not the live one is not, as it is known now.
 *
 * @param contexts names of the contexts of its inputs
 * @returns undefined when the service knows the build no more
 */
export async function reasonsOfAttempt(
  client: NullspaceClient,
  { buildId }: BuildAttempt,
  { contexts, signal }: { contexts: readonly string[]; signal: AbortSignal },
): Promise<string[] | undefined> {
  const found = await orGone(client.builds.get(buildId, { signal }));
  if (found === undefined) return undefined;
  const { build, entries } = found;
  const name = build.canonical_ref || build.name;
  if (build.status === "ready") return [`build ${buildId} of ${name} is ready, and not live yet: run pulumi up`];
  if (!isTerminalStatus(build.status))
    return [`build ${buildId} of ${name} is ${build.status}: run pulumi up to wait for it`];
  const last = entries.map(({ message }) => message.trimEnd()).filter((line) => line !== "");
  return failureReasons(build, last.slice(-LAST_LINES), contexts);
}
