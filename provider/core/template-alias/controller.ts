import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { checkInputs } from "../check-inputs.ts";
import type { Controller } from "../controller.ts";
import { startDeadline } from "../deadline.ts";
import { diffProperties } from "../property-diff.ts";
import { clientFor } from "../provider-config.ts";
import { orGone } from "../service-errors.ts";
import { splitRef } from "../template/settle.ts";
import { TEMPLATE_ALIAS_TABLE, TemplateAliasInputs, TemplateAliasOutputs } from "./inputs.ts";
import { makeAlias } from "./make-alias.ts";

const CALL_TIMEOUT_MS = 5 * 60_000;

/** Another name of a template. */
export const templateAliasController: Controller = {
  type: "TemplateAlias",
  description: "Another name of a template in its namespace; whoever uses it gets the template.",
  inputs: TemplateAliasInputs,
  outputs: TemplateAliasOutputs,
  table: TEMPLATE_ALIAS_TABLE,

  async check({ news }) {
    return checkInputs(TemplateAliasInputs, news);
  },

  diff({ oldInputs, newInputs }) {
    const changes = diffProperties(oldInputs, newInputs, TEMPLATE_ALIAS_TABLE);
    // One name cannot belong to two templates: it is free for the second once the first has let it go.
    return { changes, deleteBeforeReplace: !changes.some(({ path: [key] }) => key === "alias"), stables: [] };
  },

  async create(properties, context) {
    if (context.preview) return { id: "", outputs: properties };
    using deadline = startDeadline(context, "create", CALL_TIMEOUT_MS);
    const outputs = await makeAlias(clientFor(context.config), TemplateAliasInputs.parse(properties), {
      signal: deadline.signal,
      log: context.log,
    });
    return { id: outputs.aliasRef, outputs: { ...properties, ...outputs } };
  },

  async update({ newInputs, oldOutputs }, context) {
    if (context.preview) return { ...oldOutputs, ...newInputs };
    using deadline = startDeadline(context, "update", CALL_TIMEOUT_MS);
    const outputs = await makeAlias(clientFor(context.config), TemplateAliasInputs.parse(newInputs), {
      signal: deadline.signal,
      log: context.log,
    });
    return { ...newInputs, ...outputs };
  },

  async read({ id, inputs }, context) {
    const client = clientFor(context.config);
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    const aliases = await orGone(client.templates.listAliases(id, { signal: deadline.signal }));
    if (aliases === undefined || !aliases.some(({ alias_ref }) => alias_ref === id)) return undefined;
    const [tag] = await client.templates.listTags(id, { signal: deadline.signal });
    const info = await client.templates.get(tag === undefined ? id : `${id}:${tag.build_id}`, {
      signal: deadline.signal,
    });
    const canonicalRef = info.canonical_ref;
    const given = inputs?.template;
    // The program may write the template in any form that resolves: only another template is a difference.
    const same =
      typeof given === "string" && (await names(client, given, canonicalRef, tag?.build_id, deadline.signal));
    const template = same ? given : canonicalRef;
    const read = { template, alias: splitRef(id).name };
    return { id, inputs: read, outputs: { ...read, aliasRef: id, canonicalRef } };
  },

  async delete({ id }, context) {
    const client = clientFor(context.config);
    using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
    await orGone(client.templates.removeAlias(id, id, { signal: deadline.signal }));
  },
};

/** Does the reference, by whatever name, stand for the template? */
async function names(
  client: NullspaceClient,
  given: string,
  canonicalRef: string,
  buildId: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (given === canonicalRef || given === splitRef(canonicalRef).name) return true;
  const info = await orGone(client.templates.get(buildId === undefined ? given : `${given}:${buildId}`, { signal }));
  return info?.canonical_ref === canonicalRef;
}
