import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { ReadRequest, ReadResult } from "../controller.ts";
import type { Properties } from "../properties.ts";
import type { OperationContext } from "../operation-context.ts";
import { orGone } from "../service-errors.ts";
import { isReclaimed } from "./build-history.ts";
import { importTemplate } from "./import-template.ts";
import { liveOutputs } from "./live-outputs.ts";
import type { BuildAttempt } from "./outputs.ts";
import { splitRef } from "./settle.ts";
import { standingOf } from "./still-owned.ts";
import { reasonsOfAttempt } from "./unfinished.ts";

/** Takes the place of a context hash whose build is gone: it equals no hash, so the next update builds again. */
const GONE_HASH = "gone";

/** Reads what the service has. It never looks at the local disk. */
export async function readTemplate(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  context: OperationContext,
): Promise<ReadResult | undefined> {
  if (inputs === undefined || Object.keys(inputs).length === 0) return importTemplate(client, id, context);
  const { signal } = context;
  const ref = typeof outputs?.canonicalRef === "string" ? outputs.canonicalRef : id;
  const attempt = outputs?.attempt as BuildAttempt | undefined;
  const reasons =
    attempt === undefined
      ? undefined
      : await reasonsOfAttempt(client, attempt, { contexts: Object.keys(inputs.contexts ?? {}), signal });
  const tags = await orGone(client.templates.listTags(ref, { signal }));
  if (tags === undefined || typeof outputs?.buildId !== "string") {
    // Imported before it had a good build: it is there for as long as it has a name.
    if (tags !== undefined && outputs?.imported !== undefined && attempt === undefined) return { id, inputs, outputs };
    // A template whose first build is not (yet) good is known to the service by that build alone.
    return reasons === undefined || outputs === undefined ? undefined : { id, inputs, outputs, unhealthy: reasons };
  }
  if ((await standingOf(client, ref, { tags, outputs }, context, signal)).kind === "later") {
    context.log(
      "warning",
      `template ${ref} is not the one of this resource, which was deleted: somebody has made another`,
    );
    return undefined;
  }
  const build = (await orGone(client.builds.get(outputs.buildId, { signal })))?.build;
  const info = await orGone(client.templates.get(build === undefined ? ref : `${ref}:${build.build_id}`, { signal }));
  const canonicalRef = info?.canonical_ref || build?.canonical_ref || ref;
  const { namespace, name } = splitRef(canonicalRef);
  const pointing = tags.filter(({ build_id }) => build_id === build?.build_id).map(({ tag }) => tag);
  const readInputs: Properties = {
    ...inputs,
    name,
    visibility: info?.visibility ?? inputs.visibility ?? "private",
    // Tags that point here and that the resource does not name are someone else's; of an imported one, all may be.
    ...(Array.isArray(inputs.tags) && { tags: (inputs.tags as string[]).filter((tag) => pointing.includes(tag)) }),
    ...((build === undefined || isReclaimed(build)) && { contextHash: GONE_HASH }),
  };
  return {
    id,
    inputs: readInputs,
    outputs: {
      ...readInputs,
      canonicalRef,
      namespace,
      ...(build === undefined ? {} : liveOutputs(build)),
      ...(outputs.imported === undefined ? {} : { imported: outputs.imported }),
      ...(attempt === undefined ? {} : { attempt, status: outputs.status }),
    },
    ...(reasons !== undefined && { unhealthy: reasons }),
  };
}
