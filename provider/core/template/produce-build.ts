import { uploadContext, type NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus, type TemplateBuild } from "../../../sdk/wire/index.ts";
import type { Deadline } from "../deadline.ts";
import { masker } from "../mask.ts";
import type { OperationContext } from "../operation-context.ts";
import { orGone } from "../service-errors.ts";
import { digestDefinition, secretValues, toBuildRequest } from "./build-request.ts";
import { followBuild } from "./follow-build.ts";
import type { TemplateInputs } from "./inputs.ts";
import type { BuildAttempt } from "./outputs.ts";
import { startBuild } from "./start-build.ts";
import { readTemplateContext } from "./template-context.ts";

export interface ProduceOptions {
  client: NullspaceClient;
  inputs: TemplateInputs;
  context: OperationContext;
  deadline: Deadline;
  /** Name to build under, and the reference that its history is found by. */
  name: string;
  ref: string;
  claimToken?: string | undefined;
  /** What an earlier, unfinished operation left. */
  attempt?: BuildAttempt | undefined;
  /** Told as soon as the service has accepted a build, so that it is recorded whatever happens next. */
  onAccepted: (build: TemplateBuild, attempt: BuildAttempt) => void;
}

/**
 * Brings about a good build of the inputs: goes on with the earlier attempt when it builds the same thing and has not
 * failed, else uploads the context and starts another.
 *
 * @throws BuildFailedError when the build failed
 */
export async function produceBuild(options: ProduceOptions): Promise<TemplateBuild> {
  const { client, inputs, context, deadline } = options;
  const { signal } = deadline;
  const follow = { log: context.log, mask: masker(secretValues(inputs)), signal };
  const definition = digestDefinition(inputs);
  const earlier = options.attempt;
  if (earlier !== undefined && earlier.definition === definition) {
    const found = (await orGone(client.builds.get(earlier.buildId, { signal })))?.build;
    if (found !== undefined && (found.status === "ready" || !isTerminalStatus(found.status))) {
      context.log("info", `going on with build ${earlier.buildId}`);
      options.onAccepted(found, earlier);
      return followBuild(client, earlier.buildId, follow);
    }
  } else if (earlier !== undefined) await dropAttempt(client, earlier, signal);

  const local = await readTemplateContext(inputs, context.cwd, signal);
  const files = await uploadContext(client, local, { signal });
  const request = toBuildRequest(inputs, { name: options.name, context: local, files, claimToken: options.claimToken });
  const build = await startBuild(client, request, options.ref, signal);
  options.onAccepted(build, { buildId: build.build_id, definition });
  context.log("info", `build ${build.build_id} started`, { ephemeral: true });
  return followBuild(client, build.build_id, follow);
}

/** Stops a build that nobody waits for any more, so that it does not take the tags when it ends. */
export async function dropAttempt(client: NullspaceClient, attempt: BuildAttempt, signal: AbortSignal): Promise<void> {
  const found = (await orGone(client.builds.get(attempt.buildId, { signal })))?.build;
  if (found === undefined || isTerminalStatus(found.status)) return;
  await client.builds.cancel(attempt.buildId, { reason: "superseded by a later pulumi up", signal });
}
