import { uploadContext, type NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus, type TemplateBuild } from "../../../sdk/wire/index.ts";
import type { Deadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { buildTag } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";
import { isHopeful, ownBuilds } from "./build-history.ts";
import { baseImage } from "./base-image.ts";
import { chooseFiles } from "./build-files.ts";
import { digestDefinition, toBuildRequest } from "./build-request.ts";
import { followBuild } from "./follow-build.ts";
import { requireSameHash } from "./hash-truth.ts";
import type { TemplateInputs } from "./inputs.ts";
import type { BuildAttempt } from "./outputs.ts";
import { splitRegistryAuth } from "./needed-registry-auth.ts";
import { startBuild } from "./start-build.ts";
import { readTemplateFiles } from "./template-context.ts";

/** Hex digits of the definition in a build's mark. */
const DEFINITION_DIGITS = 12;

export interface ProduceOptions {
  client: NullspaceClient;
  inputs: TemplateInputs;
  context: OperationContext;
  deadline: Deadline;
  /** Name to build under, and the reference that its history is found by. */
  name: string;
  ref: string;
  claimToken?: string | undefined;
  /**
   * Reuse nothing, whatever the inputs say.
   *
   * @default false
   */
  skipCache?: boolean | undefined;
  /** Build that is live: only newer ones are gone on with. */
  live?: string | undefined;
  /** Told as soon as the service has accepted a build, so that it is recorded whatever happens next. */
  onAccepted: (build: TemplateBuild, attempt: BuildAttempt) => void | Promise<void>;
}

/**
 * Brings about a good build of the inputs: goes on with one of this resource's own that builds the same thing and has not
 * failed, else uploads the context and starts another. The build has the resource's mark for its only tag: it goes live
 * by a promotion, after this.
 *
 * @throws BuildFailedError when the build failed
 * @throws ContextChangedError or PinnedHashError when the files are not those that the inputs say; nothing is built then
 */
export async function produceBuild(options: ProduceOptions): Promise<TemplateBuild> {
  const { client, inputs, context, deadline, ref, live } = options;
  const { signal } = deadline;
  const follow = { log: context.log, signal, contexts: Object.keys(inputs.contexts ?? {}) };
  const definition = digestDefinition(inputs);
  const keyed = client.keyedDigest(definition).slice(0, DEFINITION_DIGITS);
  const mark = buildTag(context.mark, keyed);

  const mine = await ownBuilds(client, ref, { context, since: live, signal });
  const same = mine.find((own) => own.definition === keyed && isHopeful(own.build))?.build;
  for (const { build } of mine) {
    if (build.build_id !== same?.build_id && !isTerminalStatus(build.status))
      await dropBuild(client, build.build_id, signal);
  }
  if (same !== undefined) {
    const { build } = await client.builds.get(same.build_id, { signal });
    context.log("info", `continuing with build ${build.build_id}`);
    await options.onAccepted(build, { buildId: build.build_id, definition });
    return followBuild(client, build.build_id, follow);
  }

  const local = await readTemplateFiles(inputs, context.cwd, signal);
  requireSameHash(inputs, local);
  const { context: tree } = local;
  const { places, steps } = chooseFiles(inputs, tree);
  const files = tree === undefined ? [] : await uploadContext(client, tree, { signal, ...(places && { places }) });
  const image = await baseImage(client, inputs, signal);
  const { dockerfile = "" } = local;
  const request = toBuildRequest(inputs, {
    name: options.name,
    tags: [mark],
    base: image === undefined ? { dockerfile } : { image },
    steps,
    files,
    claimToken: options.claimToken,
    skipCache: options.skipCache,
  });
  for (const { registry } of splitRegistryAuth(inputs, request.dockerfile).unneeded) {
    context.log("info", `registryAuth for ${registry} is not needed by this build: it is not sent`);
  }
  const build = await startBuild(client, request, { mark, ref, signal });
  await options.onAccepted(build, { buildId: build.build_id, definition });
  context.log("info", `build ${build.build_id} started`, { ephemeral: true });
  return followBuild(client, build.build_id, follow);
}

/** Stops a build that nobody waits for any more. */
export async function dropBuild(client: NullspaceClient, buildId: string, signal: AbortSignal): Promise<void> {
  const found = (await orGone(client.builds.get(buildId, { signal })))?.build;
  if (found === undefined || isTerminalStatus(found.status)) return;
  await client.builds.cancel(buildId, { reason: "superseded by a later pulumi up", signal });
}
