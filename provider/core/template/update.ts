import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { NameTakenError } from "../../errors.ts";
import type { TemplateBuild } from "../../../sdk/wire/index.ts";
import type { UpdateRequest } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { orGone } from "../service-errors.ts";
import { isReclaimed } from "./build-history.ts";
import { needsRebuild } from "./diff.ts";
import { goLive } from "./go-live.ts";
import { requirePinnedFiles } from "./hash-truth.ts";
import { CheckedTemplateInputs } from "./inputs.ts";
import type { BuildAttempt } from "./outputs.ts";
import { pruneBuilds } from "./prune-builds.ts";
import { buildPartialFailure, pickOutputs, refOutputs } from "./partial-outputs.ts";
import { dropBuild, produceBuild } from "./produce-build.ts";
import { liveOutputs } from "./live-outputs.ts";
import { secretsAskForBuild } from "./secret-change.ts";
import { settleName, settleVisibility } from "./settle.ts";
import { requireStillOwned } from "./still-owned.ts";
import { requireFirst } from "./take-name.ts";
import { BUILD_TIMEOUT_MS } from "../timeouts.ts";

/**
 * Brings the template to what the inputs say: its name first, a build where one is needed, then the tags.
 *
 * @param adopts the template was another's until now: the marks of others are taken away
 */
export async function updateTemplate(
  { id, oldInputs, oldOutputs, newInputs }: UpdateRequest,
  context: OperationContext,
  { adopts = false } = {},
): Promise<Properties> {
  const request = { id, oldInputs, oldOutputs, newInputs };
  let rebuild = isBuilt(request);
  if (context.preview) {
    if (rebuild) await requirePinnedFiles(newInputs, context);
    return promiseTemplate(request);
  }
  const inputs = CheckedTemplateInputs.parse(newInputs);
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "update", BUILD_TIMEOUT_MS);
  const { signal } = deadline;

  /** What is true by now; saved when the update stops half-way. */
  let known = pickOutputs(oldOutputs);
  // Imported before it had a good build: the older builds of its name are those of the template itself.
  const isImportedUnborn = oldOutputs.buildId === undefined && oldOutputs.imported !== undefined;
  if (isImportedUnborn) {
    known.imported = oldOutputs.imported;
    adopts = true;
  }
  const attempt = oldOutputs.attempt as BuildAttempt | undefined;
  const ours = new Set([oldOutputs.buildId, attempt?.buildId].filter((value) => typeof value === "string"));
  /** A template without a good build may still turn out to be somebody else's. */
  let isUnborn = oldOutputs.buildId === undefined && !adopts;
  let ref = typeof known.canonicalRef === "string" ? known.canonicalRef : id;
  let touched = false;
  const rename = async () => {
    const renamed = await settleName(client, ref, inputs.name, context, signal);
    if (renamed !== ref) touched = true;
    ref = renamed;
    Object.assign(known, refOutputs(ref));
  };
  try {
    if (!isUnborn && !adopts && !(await requireStillOwned(client, ref, oldOutputs, context, signal))) {
      context.log(
        "warning",
        `template ${ref} is no longer at the service: it is created again, with the tags of this resource. ` +
          "If other resources had tags or aliases of it, pulumi up --refresh brings them back",
      );
      [isUnborn, rebuild, known] = [true, true, refOutputs(ref)];
    }
    const gone = rebuild ? undefined : await whyGone(client, oldOutputs.buildId as string, signal);
    if (gone !== undefined) {
      context.log("warning", `build ${String(oldOutputs.buildId)} of ${ref} ${gone}: it is built again`);
      rebuild = true;
    }
    // A template without a good build is not there to be renamed: its build brings the new name.
    if (!isUnborn && !isImportedUnborn) await rename();
    let made: TemplateBuild | undefined;
    if (rebuild) {
      made = await produceBuild({
        client,
        inputs,
        context,
        deadline,
        name: inputs.name,
        ref,
        live: isUnborn ? undefined : (oldOutputs.buildId as string | undefined),
        skipCache: secretsAskForBuild(oldInputs, newInputs),
        onAccepted: async (accepted, accept) => {
          ref = accepted.canonical_ref || ref;
          if (isUnborn) await requireFirst(client, { ref, buildId: accepted.build_id }, context, signal);
          touched = true;
          ours.add(accepted.build_id);
          Object.assign(known, refOutputs(ref), { attempt: accept, status: accepted.status });
        },
      });
      if (isUnborn) await requireFirst(client, { ref, buildId: made.build_id }, context, signal);
      await rename();
    } else if (attempt !== undefined) await dropBuild(client, attempt.buildId, signal);

    const buildId = made?.build_id ?? (oldOutputs.buildId as string);
    const dropped = ((oldInputs.tags as string[] | undefined) ?? []).filter((tag) => !inputs.tags.includes(tag));
    const { log } = context;
    await goLive(client, { ref, buildId, wanted: inputs.tags, dropped, ours, owner: context, adopts, signal, log });
    const { keepBuilds: keep } = inputs;
    if (keep !== undefined) await pruneBuilds(client, { ref, live: buildId, keep, signal }, context);
    const current = (await client.templates.get(`${ref}:${buildId}`, { signal })).visibility;
    await settleVisibility(client, ref, { wanted: inputs.visibility, current, signal });

    const { attempt: _done, imported: _taken, ...settled } = known;
    const outputs = made === undefined ? { ...settled, status: "ready" } : { ...settled, ...liveOutputs(made) };
    return { ...newInputs, ...outputs };
  } catch (error) {
    // The engine keeps the old inputs of a failed update: the outputs repeat them, so that both shells compare alike.
    const isLost = isUnborn && error instanceof NameTakenError;
    if (touched && !isLost) throw buildPartialFailure(id, { ...oldInputs, ...known }, error);
    throw error;
  }
}

/** What has become of a build whose artifact the service has no more; undefined while it has it. */
async function whyGone(client: NullspaceClient, buildId: string, signal: AbortSignal): Promise<string | undefined> {
  const build = (await orGone(client.builds.get(buildId, { signal })))?.build;
  if (build !== undefined && !isReclaimed(build)) return undefined;
  const { status, reason } = build?.promotability ?? {};
  return status === "unavailable"
    ? `is not available at the service any more${reason == null ? "" : ` (${reason})`}`
    : "was deleted at the service";
}

/** Does the update build, for its inputs or because there is no good build yet? */
function isBuilt(request: UpdateRequest): boolean {
  return request.oldOutputs.buildId === undefined || needsRebuild(request);
}

/** Only what the real update is sure to produce is promised; the rest is unknown until then. */
export function promiseTemplate(request: UpdateRequest): Properties {
  const { oldOutputs, newInputs } = request;
  const { namespace } = oldOutputs;
  const named =
    typeof namespace === "string" && typeof newInputs.name === "string"
      ? refOutputs(`${namespace}/${newInputs.name}`)
      : {};
  if (isBuilt(request)) return { ...newInputs, ...named };
  const { attempt: _attempt, ...kept } = pickOutputs(oldOutputs);
  return { ...newInputs, ...kept, ...named, status: "ready" };
}
