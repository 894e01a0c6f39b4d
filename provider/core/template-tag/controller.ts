import { about } from "./about.ts";
import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { InvalidIdError } from "../../errors.ts";
import { checkInputs } from "../check-inputs.ts";
import { effectsOf } from "../input-facts.ts";
import type { Controller, ReadRequest, ReadResult, UpdateRequest } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { ownersOf } from "../ownership/owner-tags.ts";
import { diffProperties } from "../property-diff.ts";
import { clientFor } from "../provider-config.ts";
import { namesSameTemplate } from "../same-template.ts";
import { orGone } from "../service-errors.ts";
import { CALL_TIMEOUT_MS } from "../timeouts.ts";
import { isTemplateOfBuild } from "../template/build-history.ts";
import { splitRef } from "../template/settle.ts";
import { TemplateTagInputs, TemplateTagOutputs } from "./inputs.ts";
import { isOneTemplate } from "../template/canonical-ref.ts";
import { promoteTag } from "./promote-tag.ts";
import { removeOwnTag } from "./remove-tag.ts";

const ID = /^[^:]+:[^:]+$/;

/** A tag of a template: a name for a build that consumers follow. */
export const templateTagController: Controller = {
  ...about,
  inputs: TemplateTagInputs,
  outputs: TemplateTagOutputs,

  async check({ news }) {
    return checkInputs(TemplateTagInputs, news);
  },

  diff({ oldInputs, oldOutputs, newInputs }) {
    const isSame = namesSameTemplate(oldInputs, newInputs, oldOutputs);
    const changes = diffProperties(oldInputs, newInputs, effectsOf(TemplateTagInputs)).filter(
      ({ path: [key] }) => key !== "template" || !isSame,
    );
    const moves = changes.some(({ path: [key] }) => key === "template");
    // Not deleted first: a tag that gets another name must be there before the old one is gone.
    return { changes, deleteBeforeReplace: false, stables: moves ? [] : ["ref"] };
  },

  async create(properties, context) {
    if (context.preview) return { id: "", outputs: properties };
    const inputs = TemplateTagInputs.parse(properties);
    using deadline = startDeadline(context, "create", CALL_TIMEOUT_MS);
    const outputs = await promoteTag(clientFor(context.config), inputs, context, {
      known: null,
      signal: deadline.signal,
    });
    return { id: outputs.ref, outputs: { ...properties, ...outputs } };
  },

  promise: promiseTag,
  update: updateTag,

  async read(request, context) {
    if (!ID.test(request.id)) throw new InvalidIdError("TemplateTag", request.id, "namespace/name:tag");
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    return readTag(clientFor(context.config), request, context, deadline.signal);
  },

  async delete({ id, outputs }, context) {
    const client = clientFor(context.config);
    using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
    const { template, tag } = splitId(refOf(id, outputs));
    const wanted = context.declared.of(context.mark);
    if (
      wanted?.tag === tag &&
      typeof wanted.template === "string" &&
      (await isOneTemplate(client, wanted.template, template, deadline.signal))
    ) {
      context.log("info", `${template}:${tag} is kept: the program still has it`);
      return;
    }
    const known = typeof outputs.buildId === "string" ? outputs.buildId : undefined;
    await removeOwnTag(client, { template, tag, known }, context, deadline.signal);
  },
};

function promiseTag({ id, oldInputs, oldOutputs, newInputs }: UpdateRequest): Properties {
  const { previousBuildId, buildId, templateId } = oldOutputs;
  const isSame = namesSameTemplate(oldInputs, newInputs, oldOutputs);
  const moved = newInputs.buildId !== oldInputs.buildId;
  return {
    ...newInputs,
    ...(isSame ? { ref: refOf(id, oldOutputs) } : {}),
    ...(isSame && !moved ? { templateId } : {}),
    ...(moved ? { previousBuildId: buildId } : previousBuildId === undefined ? {} : { previousBuildId }),
  };
}

async function updateTag(request: UpdateRequest, context: OperationContext): Promise<Properties> {
  if (context.preview) return promiseTag(request);
  const { id, oldInputs, oldOutputs, newInputs } = request;
  const { previousBuildId, buildId } = oldOutputs;
  const before = splitId(refOf(id, oldOutputs));
  const isSame = namesSameTemplate(oldInputs, newInputs, oldOutputs);
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "update", CALL_TIMEOUT_MS);
  const { signal } = deadline;
  const inputs = TemplateTagInputs.parse(newInputs);
  const known = {
    buildId: typeof buildId === "string" ? buildId : undefined,
    previousBuildId: typeof previousBuildId === "string" ? previousBuildId : undefined,
  };
  // A template that was renamed is the same one by another name.
  const stays = isSame || (await isOneTemplate(client, before.template, inputs.template, signal));
  const outputs = await promoteTag(client, inputs, context, { known: stays ? known : null, signal });
  if (!stays) await removeOwnTag(client, { ...before, known: known.buildId }, context, signal);
  return { ...newInputs, ...outputs };
}

async function readTag(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  context: OperationContext,
  signal: AbortSignal,
): Promise<ReadResult | undefined> {
  const { template, tag } = splitId(refOf(id, outputs));
  const tags = await orGone(client.templates.listTags(template, { signal }));
  const found = tags?.find((candidate) => candidate.tag === tag);
  if (found === undefined) return undefined;
  const last = outputs?.buildId;
  if (
    typeof last === "string" &&
    last !== found.build_id &&
    !(await isTemplateOfBuild(client, template, last, signal))
  ) {
    context.log(
      "warning",
      `the tag ${template}:${tag} of this resource was deleted with its template: there is another by now`,
    );
    return undefined;
  }
  const info = await client.templates.get(`${template}:${found.build_id}`, { signal });
  const read: Properties = { template, tag, adopt: false, ...inputs, buildId: found.build_id };
  const previous =
    outputs?.buildId === found.build_id ? outputs.previousBuildId : (outputs?.buildId as string | undefined);
  const [owner] = ownersOf(tags ?? [], "tag", tag);
  return {
    id,
    ...(owner !== undefined && { owner: owner.mark }),
    inputs: read,
    outputs: {
      ...read,
      ref: `${info.canonical_ref || template}:${tag}`,
      templateId: info.id,
      ...(previous === undefined ? {} : { previousBuildId: previous }),
    },
  };
}

/** The tag as it is called today: the ID is what it was called when it was made. */
function refOf(id: string, outputs: Properties | undefined): string {
  return typeof outputs?.ref === "string" ? outputs.ref : id;
}

/** `namespace/name:tag` in its parts. */
function splitId(id: string): { template: string; tag: string } {
  const { namespace, name } = splitRef(id.slice(0, id.lastIndexOf(":")));
  return { template: namespace === "" ? name : `${namespace}/${name}`, tag: id.slice(id.lastIndexOf(":") + 1) };
}
