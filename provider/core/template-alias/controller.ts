import { about } from "./about.ts";
import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { InvalidIdError, NotOwnedError } from "../../errors.ts";
import { checkInputs } from "../check-inputs.ts";
import { effectsOf } from "../input-facts.ts";
import type { Controller, ReadRequest, ReadResult, UpdateRequest } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { takeoverWays } from "../ownership/takeover-ways.ts";
import { diffProperties } from "../property-diff.ts";
import { clientFor } from "../provider-config.ts";
import { namesSameTemplate } from "../same-template.ts";
import { orGone } from "../service-errors.ts";
import { CALL_TIMEOUT_MS } from "../timeouts.ts";
import { canonicalRefOf, isOneTemplate, settledRefOf } from "../template/canonical-ref.ts";
import { splitRef } from "../template/settle.ts";
import { aliasOwner, disownAlias, isKnownAlias, type AliasPlace } from "./alias-owner.ts";
import { TemplateAliasInputs, TemplateAliasOutputs } from "./inputs.ts";
import { makeAlias } from "./make-alias.ts";

const ID = /^[^:/]+\/[^:/]+$/;

/** Another name of a template. */
export const templateAliasController: Controller = {
  ...about,
  inputs: TemplateAliasInputs,
  outputs: TemplateAliasOutputs,

  async check({ news }) {
    return checkInputs(TemplateAliasInputs, news);
  },

  diff({ oldInputs, oldOutputs, newInputs }) {
    const isSame = namesSameTemplate(oldInputs, newInputs, oldOutputs);
    const changes = diffProperties(oldInputs, newInputs, effectsOf(TemplateAliasInputs)).filter(
      ({ path: [key] }) => key !== "template" || !isSame,
    );
    return { changes, deleteBeforeReplace: false, stables: [] };
  },

  async create(properties, context) {
    if (context.preview) return { id: "", outputs: properties };
    using deadline = startDeadline(context, "create", CALL_TIMEOUT_MS);
    const inputs = TemplateAliasInputs.parse(properties);
    const outputs = await makeAlias(clientFor(context.config), inputs, context, deadline.signal);
    return { id: outputs.aliasRef, outputs: { ...properties, ...outputs } };
  },

  promise: promiseAlias,
  update: updateAlias,

  async read(request, context) {
    if (!ID.test(request.id)) throw new InvalidIdError("TemplateAlias", request.id, "namespace/alias");
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    return readAlias(clientFor(context.config), request, context, deadline.signal);
  },

  async delete({ id, outputs }, context) {
    using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
    const aliasRef = aliasRefOf(id, outputs);
    const wanted = context.declared.of(context.mark);
    if (wanted?.alias === splitRef(aliasRef).name && typeof wanted.template === "string") {
      context.log("info", `the alias ${aliasRef} is kept: the program still has it`);
      return;
    }
    await removeOwnAlias(
      clientFor(context.config),
      { aliasRef, known: outputs.canonicalRef },
      context,
      deadline.signal,
    );
  },
};

function promiseAlias({ oldInputs, oldOutputs, newInputs }: UpdateRequest): Properties {
  const isSame = namesSameTemplate(oldInputs, newInputs, oldOutputs);
  const { aliasRef, canonicalRef } = oldOutputs;
  return { ...newInputs, ...(isSame ? { aliasRef, canonicalRef } : {}) };
}

async function updateAlias(request: UpdateRequest, context: OperationContext): Promise<Properties> {
  if (context.preview) return promiseAlias(request);
  const { id, oldOutputs, newInputs } = request;
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "update", CALL_TIMEOUT_MS);
  const { signal } = deadline;
  const inputs = TemplateAliasInputs.parse(newInputs);
  const aliasRef = aliasRefOf(id, oldOutputs);
  const [before, after] = await Promise.all([
    orGone(settledRefOf(client, aliasRef, signal)),
    settledRefOf(client, inputs.template, signal),
  ]);
  if (before !== undefined && before !== after) {
    const known = oldOutputs.canonicalRef;
    const place: AliasPlace = { template: before, alias: splitRef(aliasRef).name, aliasRef };
    if (!(await isKnownAlias(client, place, known, context, signal))) throw givenAway(place, context);
    // One name cannot belong to two templates: it is free for the second once the first has let it go.
    await removeOwnAlias(client, { aliasRef, known }, context, signal);
  }
  return { ...newInputs, ...(await makeAlias(client, inputs, context, signal)) };
}

/** Removes the alias, unless another resource owns it as well. */
async function removeOwnAlias(
  client: NullspaceClient,
  { aliasRef, known }: { aliasRef: string; known: unknown },
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const template = await orGone(canonicalRefOf(client, aliasRef, signal));
  if (template === undefined) return;
  const place: AliasPlace = { template, alias: splitRef(aliasRef).name, aliasRef };
  if (await disownAlias(client, place, known, context, signal)) {
    await orGone(client.templates.removeAlias(template, aliasRef, { signal }));
  }
}

function givenAway({ template, aliasRef }: AliasPlace, context: OperationContext): NotOwnedError {
  return new NotOwnedError(
    `the alias ${aliasRef} is not the one that this resource made: somebody has given it to ${template} since. Nothing was ` +
      "changed. Run pulumi refresh, which takes the lost one out of the state; then choose another alias, or " +
      takeoverWays(context, "TemplateAlias", aliasRef),
    aliasRef,
  );
}

async function readAlias(
  client: NullspaceClient,
  { id, inputs, outputs }: ReadRequest,
  context: OperationContext,
  signal: AbortSignal,
): Promise<ReadResult | undefined> {
  const aliasRef = aliasRefOf(id, outputs);
  const aliases = await orGone(client.templates.listAliases(aliasRef, { signal }));
  if (aliases === undefined || !aliases.some(({ alias_ref }) => alias_ref === aliasRef)) return undefined;
  const canonicalRef = await canonicalRefOf(client, aliasRef, signal);
  const place: AliasPlace = { template: canonicalRef, alias: splitRef(aliasRef).name, aliasRef };
  if (!(await isKnownAlias(client, place, outputs?.canonicalRef, context, signal))) {
    context.log(
      "warning",
      `the alias ${aliasRef} of this resource was removed: somebody has given it to ${canonicalRef}`,
    );
    return undefined;
  }
  const given = inputs?.template;
  // The program may write the template in any form that resolves: only another template is a difference.
  const isSame = typeof given === "string" && (await isOneTemplate(client, given, canonicalRef, signal));
  const read = { adopt: false, ...inputs, template: isSame ? given : canonicalRef, alias: splitRef(aliasRef).name };
  const owner = outputs === undefined ? await aliasOwner(client, place, signal) : undefined;
  return { id, inputs: read, outputs: { ...read, aliasRef, canonicalRef }, ...(owner !== undefined && { owner }) };
}

/** The alias as it is called today: the ID is what it was called when it was made. */
function aliasRefOf(id: string, outputs: Properties | undefined): string {
  return typeof outputs?.aliasRef === "string" ? outputs.aliasRef : id;
}
