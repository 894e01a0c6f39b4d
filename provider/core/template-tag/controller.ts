import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { BuildGoneError, ForeignBuildError } from "../../errors.ts";
import { checkInputs } from "../check-inputs.ts";
import type { Controller, Properties, ReadRequest, ReadResult } from "../controller.ts";
import { pause, startDeadline } from "../deadline.ts";
import { diffProperties } from "../property-diff.ts";
import { clientFor } from "../provider-config.ts";
import { orGone } from "../service-errors.ts";
import { splitRef } from "../template/settle.ts";
import { TEMPLATE_TAG_TABLE, TemplateTagInputs, TemplateTagOutputs } from "./inputs.ts";

const CALL_TIMEOUT_MS = 5 * 60_000;
const LOOKS = 4;
const LOOK_INTERVAL_MS = 500;

/** A tag of a template: a name for a build that consumers follow. */
export const templateTagController: Controller = {
  type: "TemplateTag",
  description:
    "A tag of a template, pointing at one build. Moving it promotes that build, from stack to stack too, without " +
    "building anything.",
  inputs: TemplateTagInputs,
  outputs: TemplateTagOutputs,
  table: TEMPLATE_TAG_TABLE,

  async check({ news }) {
    return checkInputs(TemplateTagInputs, news);
  },

  diff({ oldInputs, newInputs }) {
    // Not deleted first: a tag that goes to another template must be there before it is gone here.
    const changes = diffProperties(oldInputs, newInputs, TEMPLATE_TAG_TABLE);
    return { changes, deleteBeforeReplace: false, stables: ["ref"] };
  },

  async create(properties, context) {
    if (context.preview) return { id: "", outputs: properties };
    const inputs = TemplateTagInputs.parse(properties);
    using deadline = startDeadline(context, "create", CALL_TIMEOUT_MS);
    const outputs = await promote(clientFor(context.config), inputs, undefined, deadline.signal);
    return { id: outputs.ref, outputs: { ...properties, ...outputs } };
  },

  async update({ oldOutputs, newInputs }, context) {
    const { ref, previousBuildId } = oldOutputs;
    if (context.preview) return { ...newInputs, ref, previousBuildId: oldOutputs.buildId };
    using deadline = startDeadline(context, "update", CALL_TIMEOUT_MS);
    const inputs = TemplateTagInputs.parse(newInputs);
    const before = typeof previousBuildId === "string" ? previousBuildId : undefined;
    return { ...newInputs, ...(await promote(clientFor(context.config), inputs, before, deadline.signal)) };
  },

  async read(request, context) {
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    return readTag(clientFor(context.config), request, deadline.signal);
  },

  async delete({ id }, context) {
    const client = clientFor(context.config);
    using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
    const { signal } = deadline;
    const { template, tag } = splitId(id);
    const info = await orGone(client.templates.get(id, { signal }));
    if (info !== undefined && info.canonical_ref !== "" && info.canonical_ref !== template) {
      // Under its new name the tag is another resource's: in a rename, that of the replacement made just before.
      context.log("warning", `${template} is called ${info.canonical_ref} now: its tag ${tag} is left in place`);
      return;
    }
    await orGone(client.templates.removeTag(template, tag, { signal }));
  },
};

async function promote(
  client: NullspaceClient,
  { template, tag, buildId }: TemplateTagInputs,
  previousBefore: string | undefined,
  signal: AbortSignal,
): Promise<TemplateTagOutputs> {
  const build = (await orGone(client.builds.get(buildId, { signal })))?.build;
  if (build === undefined) throw new BuildGoneError(buildId, template);
  const tags = await client.templates.listTags(template, { signal });
  const own = await orGone(client.templates.get(`${template}:${buildId}`, { signal }));
  if (own === undefined) throw new ForeignBuildError({ buildId, builtAs: build.canonical_ref, template });
  const now = tags.find((candidate) => candidate.tag === tag)?.build_id;
  const info = now === buildId ? own : await client.builds.promote(buildId, { tag }, { signal });
  // A move that was done already, by an update that was interrupted, keeps what that one found.
  const previousBuildId = now === buildId ? previousBefore : now;
  return {
    ref: `${await settledName(client, template, info.canonical_ref || template, signal)}:${tag}`,
    templateId: info.id || build.template_id,
    ...(previousBuildId === undefined ? {} : { previousBuildId }),
  };
}

/**
 * The template's canonical name. While an alias of it is made, the template goes by that alias for a moment: a name other
 * than the given one is looked at again before it is taken for the template's own.
 */
async function settledName(
  client: NullspaceClient,
  template: string,
  canonicalRef: string,
  signal: AbortSignal,
): Promise<string> {
  const { name } = splitRef(template);
  let current = canonicalRef;
  for (let look = 0; look < LOOKS && splitRef(current).name !== name; look++) {
    await pause(LOOK_INTERVAL_MS, signal);
    current = (await client.templates.get(template, { signal })).canonical_ref || current;
  }
  return current;
}

async function readTag(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  signal: AbortSignal,
): Promise<ReadResult | undefined> {
  const { template, tag } = splitId(id);
  const tags = await orGone(client.templates.listTags(template, { signal }));
  const found = tags?.find((candidate) => candidate.tag === tag);
  if (found === undefined) return undefined;
  const info = await client.templates.get(`${template}:${found.build_id}`, { signal });
  const read: Properties = { template, tag, ...inputs, buildId: found.build_id };
  const previous =
    outputs?.buildId === found.build_id ? outputs.previousBuildId : (outputs?.buildId as string | undefined);
  return {
    id,
    inputs: read,
    outputs: {
      ...read,
      ref: id,
      templateId: info.id,
      ...(previous === undefined ? {} : { previousBuildId: previous }),
    },
  };
}

/** `namespace/name:tag` in its parts. */
function splitId(id: string): { template: string; tag: string } {
  const colon = id.lastIndexOf(":");
  return { template: id.slice(0, colon), tag: id.slice(colon + 1) };
}
