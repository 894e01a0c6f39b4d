import { NameTakenError } from "../../errors.ts";
import type { CreateResult } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { ownBuilds } from "./build-history.ts";
import { requireNamespace } from "../service-identity/require-namespace.ts";
import { requirePinnedFiles } from "./hash-truth.ts";
import { CheckedTemplateInputs, type TemplateInputs } from "./inputs.ts";
import { goLive } from "./go-live.ts";
import { buildPartialFailure, refOutputs } from "./partial-outputs.ts";
import { produceBuild } from "./produce-build.ts";
import { importTemplate } from "./import-template.ts";
import { liveOutputs } from "./live-outputs.ts";
import { settleName, settleVisibility } from "./settle.ts";
import { releaseName, requireFirst, takeName, type Place } from "./take-name.ts";
import { BUILD_TIMEOUT_MS } from "../timeouts.ts";
import { updateTemplate } from "./update.ts";

/** Takes over a template in place of one that would be made. Its files are not known, so it is built again. */
const ADOPTED_HASH = "adopted";

/** Makes the template, goes on with what an earlier try of it has left, or adopts one. */
export async function createTemplate(properties: Properties, context: OperationContext): Promise<CreateResult> {
  if (context.preview) {
    await requirePinnedFiles(properties, context);
    return { id: "", outputs: properties };
  }
  const inputs = CheckedTemplateInputs.parse(properties);
  using deadline = startDeadline(context, "create", BUILD_TIMEOUT_MS);
  await requireNamespace(inputs.namespace, context);
  const place = await takeName(clientFor(context.config), inputs, context, deadline.signal);
  return place.kind === "adopted" ? adopt(place, properties, context) : build(place, properties, inputs, context);
}

async function adopt({ ref }: Place, properties: Properties, context: OperationContext): Promise<CreateResult> {
  // Nothing is taken as it is: everything is built again.
  const found = await importTemplate(clientFor(context.config), ref, { ...context, log: () => undefined });
  const oldInputs = { ...found?.inputs, contextHash: ADOPTED_HASH };
  const request = { id: ref, oldInputs, oldOutputs: found?.outputs ?? {}, newInputs: properties };
  return { id: ref, outputs: await updateTemplate(request, context, { adopts: true }) };
}

async function build(
  place: Place,
  properties: Properties,
  inputs: TemplateInputs,
  context: OperationContext,
): Promise<CreateResult> {
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "create", BUILD_TIMEOUT_MS);
  const { signal } = deadline;
  const known: Properties = {};
  let id: string | undefined;
  let ref = place.ref;
  try {
    if (place.kind === "own") ref = await settleName(client, ref, inputs.name, context, signal);
    const made = await produceBuild({
      client,
      inputs,
      context,
      deadline,
      name: inputs.name,
      ref,
      claimToken: place.claim?.claim_token,
      onAccepted: async (accepted, attempt) => {
        ref = accepted.canonical_ref || ref;
        if (place.kind === "free") await requireFirst(client, { ref, buildId: accepted.build_id }, context, signal);
        id = ref;
        Object.assign(known, refOutputs(ref), { attempt, status: accepted.status });
      },
    });
    if (place.kind === "free") await requireFirst(client, { ref, buildId: made.build_id }, context, signal);
    await goLive(client, {
      ref,
      buildId: made.build_id,
      wanted: inputs.tags,
      dropped: [],
      ours: new Set((await ownBuilds(client, ref, { context, signal })).map(({ build }) => build.build_id)),
      owner: context,
      adopts: false,
      signal,
      log: context.log,
    });
    await settleVisibility(client, ref, { wanted: inputs.visibility, current: made.visibility, signal });
    return { id: id ?? ref, outputs: { ...properties, ...refOutputs(ref), ...liveOutputs(made) } };
  } catch (error) {
    if (id !== undefined && !(error instanceof NameTakenError)) {
      throw buildPartialFailure(id, { ...properties, ...known }, error);
    }
    if (place.claim !== undefined) await releaseName(client, place.claim, context);
    throw error;
  }
}
