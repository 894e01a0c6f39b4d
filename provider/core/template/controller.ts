import { BuildFailedError, PartialFailureError } from "../../errors.ts";
import type { TemplateBuild } from "../../../sdk/wire/index.ts";
import type { Controller, CreateResult, DeleteRequest, Properties, UpdateRequest } from "../controller.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { explain } from "../explain.ts";
import { orGone } from "../service-errors.ts";
import { checkTemplate } from "./check.ts";
import { claimName } from "./claim-name.ts";
import { diffTemplate, needsRebuild } from "./diff.ts";
import { TEMPLATE_TABLE, TemplateInputs } from "./inputs.ts";
import { TemplateOutputs, type BuildAttempt } from "./outputs.ts";
import { dropAttempt, produceBuild } from "./produce-build.ts";
import { liveOutputs, readTemplate } from "./read-template.ts";
import { settleName, settleTags, settleVisibility, splitRef } from "./settle.ts";

/** How long a build may take unless `customTimeouts` says otherwise. */
const BUILD_TIMEOUT_MS = 30 * 60_000;
const CALL_TIMEOUT_MS = 5 * 60_000;

/** A sandbox template: a build of a Dockerfile and its context, under a name. */
export const templateController: Controller = {
  type: "Template",
  description:
    "A sandbox template: what a Dockerfile and its build context make, under a name, ready to start machines from. " +
    "A content hash of the context decides, without asking anyone, whether anything has to be built.",
  inputs: TemplateInputs,
  outputs: TemplateOutputs,
  table: TEMPLATE_TABLE,

  check: checkTemplate,
  diff: diffTemplate,
  create: createTemplate,
  update: updateTemplate,
  delete: deleteTemplate,

  async read(request, context) {
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    return readTemplate(clientFor(context.config), request, deadline.signal);
  },
};

async function createTemplate(properties: Properties, context: OperationContext): Promise<CreateResult> {
  if (context.preview) return { id: "", outputs: properties };
  const inputs = TemplateInputs.parse(properties);
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "create", BUILD_TIMEOUT_MS);
  const { signal } = deadline;

  const claim = await claimName(client, inputs.name, signal);
  const known: Properties = {};
  let id: string | undefined;
  try {
    const build = await produceBuild({
      client,
      inputs,
      context,
      deadline,
      name: inputs.name,
      ref: claim?.canonical_ref ?? inputs.name,
      claimToken: claim?.claim_token,
      onAccepted: (accepted, attempt) => {
        id = accepted.canonical_ref || claim?.canonical_ref || inputs.name;
        Object.assign(known, refOutputs(id), { attempt, status: accepted.status });
      },
    });
    const ref = known.canonicalRef as string;
    await settleVisibility(client, ref, { wanted: inputs.visibility, current: build.visibility, signal });
    return { id: id ?? ref, outputs: { ...properties, ...refOutputs(ref), ...liveOutputs(build) } };
  } catch (error) {
    if (id !== undefined) throw partialFailure(id, { ...properties, ...known }, error);
    // Nothing was made: give the name back rather than hold it until the claim expires.
    if (claim !== undefined) await releaseClaim(client, claim.claim_token, context);
    throw error;
  }
}

async function updateTemplate(
  { id, oldInputs, oldOutputs, newInputs }: UpdateRequest,
  context: OperationContext,
): Promise<Properties> {
  const rebuild = oldOutputs.buildId === undefined || needsRebuild(oldInputs, newInputs);
  if (context.preview) return previewUpdate(oldOutputs, newInputs, rebuild);

  const inputs = TemplateInputs.parse(newInputs);
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "update", BUILD_TIMEOUT_MS);
  const { signal } = deadline;

  /** What is true by now; saved when the update stops half-way. */
  const known = pickOutputs(oldOutputs);
  const attempt = oldOutputs.attempt as BuildAttempt | undefined;
  const ours = new Set([oldOutputs.buildId, attempt?.buildId].filter((value) => typeof value === "string"));
  let ref = typeof known.canonicalRef === "string" ? known.canonicalRef : id;
  let touched = false;
  const rename = async () => {
    const renamed = await settleName(client, ref, inputs.name, signal);
    if (renamed !== ref) touched = true;
    ref = renamed;
    Object.assign(known, refOutputs(ref));
  };
  try {
    // A template without a good build is not there to be renamed: its build brings the new name.
    if (oldOutputs.buildId !== undefined) await rename();
    let live: TemplateBuild | undefined;
    if (rebuild) {
      live = await produceBuild({
        client,
        inputs,
        context,
        deadline,
        name: inputs.name,
        ref,
        attempt,
        onAccepted: (accepted, accept) => {
          touched = true;
          ours.add(accepted.build_id);
          if (accepted.canonical_ref) ref = accepted.canonical_ref;
          Object.assign(known, refOutputs(ref), { attempt: accept, status: accepted.status });
        },
      });
      await rename();
    } else if (attempt !== undefined) await dropAttempt(client, attempt, signal);

    const buildId = live?.build_id ?? (oldOutputs.buildId as string);
    const dropped = ((oldInputs.tags as string[] | undefined) ?? []).filter((tag) => !inputs.tags.includes(tag));
    await settleTags(client, ref, { wanted: inputs.tags, dropped, buildId, ours, signal });
    const current = (await client.templates.get(`${ref}:${buildId}`, { signal })).visibility;
    await settleVisibility(client, ref, { wanted: inputs.visibility, current, signal });

    const { attempt: _done, ...settled } = known;
    const outputs = live === undefined ? { ...settled, status: "ready" } : { ...settled, ...liveOutputs(live) };
    return { ...newInputs, ...outputs };
  } catch (error) {
    // The engine keeps the old inputs of a failed update: the outputs repeat them, so that both shells compare alike.
    if (touched) throw partialFailure(id, { ...oldInputs, ...known }, error);
    throw error;
  }
}

async function deleteTemplate({ id, outputs }: DeleteRequest, context: OperationContext): Promise<void> {
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
  const attempt = outputs.attempt as BuildAttempt | undefined;
  if (attempt !== undefined) await dropAttempt(client, attempt, deadline.signal);
  const ref = typeof outputs.canonicalRef === "string" ? outputs.canonicalRef : id;
  await orGone(client.templates.delete(ref, { signal: deadline.signal }));
}

/** Only what the real update is sure to produce is promised; the rest is unknown until then. */
function previewUpdate(oldOutputs: Properties, newInputs: Properties, rebuild: boolean): Properties {
  const { namespace } = oldOutputs;
  const named =
    typeof namespace === "string" && typeof newInputs.name === "string"
      ? refOutputs(`${namespace}/${newInputs.name}`)
      : {};
  if (rebuild) return { ...newInputs, ...named };
  const { attempt: _attempt, ...kept } = pickOutputs(oldOutputs);
  return { ...newInputs, ...kept, ...named, status: "ready" };
}

function pickOutputs(outputs: Properties): Properties {
  return Object.fromEntries(
    Object.keys(TemplateOutputs.shape)
      .filter((key) => outputs[key] !== undefined)
      .map((key) => [key, outputs[key]]),
  );
}

function refOutputs(ref: string): Properties {
  return { canonicalRef: ref, namespace: splitRef(ref).namespace };
}

function partialFailure(id: string, outputs: Properties, error: unknown): PartialFailureError {
  const failed = error instanceof BuildFailedError;
  const build = (outputs.attempt as BuildAttempt | undefined)?.buildId;
  const reasons = failed
    ? error.reasons
    : [build === undefined ? explain(error) : `build ${build} of ${outputs.canonicalRef as string}: ${explain(error)}`];
  const live = outputs.buildId as string | undefined;
  return new PartialFailureError({
    id,
    outputs: failed ? { ...outputs, status: error.status } : outputs,
    reasons: live === undefined || live === build ? reasons : [...reasons, `build ${live} stays live until then`],
    cause: error,
  });
}

async function releaseClaim(
  client: ReturnType<typeof clientFor>,
  token: string,
  { log }: OperationContext,
): Promise<void> {
  try {
    // Not under the operation's own signal: it may be what ended the operation.
    await orGone(client.templates.releaseName(token, { signal: AbortSignal.timeout(5_000) }));
  } catch (error) {
    // The first error is the one to report, and the claim ends by itself.
    log("debug", `the claim of the name could not be released: ${explain(error)}`);
  }
}
