import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { NameTakenError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { earlierStranger } from "../ownership/first-owner.ts";
import { isOwnMark, isOwnStack, type Mark } from "../ownership/mark.ts";
import { ownersOf, ownerTag } from "../ownership/owner-tags.ts";
import { describeOwner, takeoverWays } from "../ownership/takeover-ways.ts";
import { orGone } from "../service-errors.ts";
import { isOneTemplate } from "../template/canonical-ref.ts";

/** An alias and the template it is of. */
export interface AliasPlace {
  /** Template, `namespace/name`. */
  template: string;
  /** The other name, one segment. */
  alias: string;
  /** The other name with its namespace. */
  aliasRef: string;
}

/**
 * Notes at the service whose the alias is, before it is made: of two stacks that find it free, the one that noted it first
 * has it.
 *
 * @param exists the template has the alias already
 * @throws NameTakenError when it is another stack's
 */
export async function ownAlias(
  client: NullspaceClient,
  { template, alias, aliasRef }: AliasPlace,
  {
    exists,
    adopts,
    context,
    signal,
  }: { exists: boolean; adopts: boolean; context: OperationContext; signal: AbortSignal },
): Promise<void> {
  const mine = ownerTag(context.mark, "alias", alias);
  const tags = await client.templates.listTags(template, { signal });
  const owners = ownersOf(tags, "alias", alias);
  const isOwn = owners.some(({ mark }) => mark === context.mark);
  const stranger = owners.find(({ mark }) => !isOwnStack(context, mark));
  if (stranger !== undefined && !adopts && !isOwn) throw taken({ template, alias, aliasRef }, stranger.mark, context);
  const former = owners.find(({ mark }) => mark === context.formerMark)?.tag.tag;
  if (exists && !isOwn && former === undefined) context.log("info", `taking over the alias ${aliasRef} of ${template}`);
  if (!isOwn) await client.templates.assignTags(template, [mine], { signal });
  if (former !== undefined && former !== mine) await remove(client, template, former, signal);
  if (adopts) {
    for (const { mark, tag } of owners) if (mark !== context.mark) await remove(client, template, tag.tag, signal);
    return;
  }
  if (isOwn) return;
  const now = await client.templates.listTags(template, { signal });
  const first = earlierStranger(now, { kind: "alias", name: alias, mark: context.mark });
  if (first === undefined) return;
  await remove(client, template, mine, signal);
  throw taken({ template, alias, aliasRef }, first.mark, context);
}

/**
 * Whether the alias is the one that the state knows: it is of the template that it was of, whatever that is called today, or
 * it carries the resource's note. Otherwise that one was removed, and somebody has given the name to another template.
 *
 * @param known `namespace/name` of the template in the state
 */
export async function isKnownAlias(
  client: NullspaceClient,
  { template, alias }: AliasPlace,
  known: unknown,
  context: OperationContext,
  signal: AbortSignal,
): Promise<boolean> {
  if (typeof known !== "string" || known === template) return true;
  const tags = (await orGone(client.templates.listTags(template, { signal }))) ?? [];
  if (ownersOf(tags, "alias", alias).some(({ mark }) => isOwnMark(context, mark))) return true;
  return isOneTemplate(client, known, template, signal);
}

/** Whose the alias is; undefined when no Pulumi resource has made it. */
export async function aliasOwner(
  client: NullspaceClient,
  { template, alias }: AliasPlace,
  signal: AbortSignal,
): Promise<Mark | undefined> {
  const tags = (await orGone(client.templates.listTags(template, { signal }))) ?? [];
  return ownersOf(tags, "alias", alias)[0]?.mark;
}

/**
 * Lets the alias go as far as this resource is concerned.
 *
 * @returns whether nobody else owns it, so that it may be removed
 */
export async function disownAlias(
  client: NullspaceClient,
  place: AliasPlace,
  known: unknown,
  context: OperationContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { template, alias, aliasRef } = place;
  if (!(await isKnownAlias(client, place, known, context, signal))) {
    context.log("warning", `the alias ${aliasRef} is left in place: someone else has given it to ${template} since`);
    return false;
  }
  const tags = (await orGone(client.templates.listTags(template, { signal }))) ?? [];
  const owners = ownersOf(tags, "alias", alias);
  const isOwn = ({ mark }: { mark: string }) => isOwnMark(context, mark);
  for (const owner of owners.filter(isOwn)) await remove(client, template, owner.tag.tag, signal);
  const isFree = owners.every(isOwn);
  if (!isFree) context.log("info", `the alias ${aliasRef} is kept: another resource has taken it over`);
  return isFree;
}

function remove(client: NullspaceClient, template: string, tag: string, signal: AbortSignal) {
  return orGone(client.templates.removeTag(template, tag, { signal }));
}

function taken({ template, alias, aliasRef }: AliasPlace, owner: string, context: OperationContext): NameTakenError {
  return new NameTakenError(
    `${template} has the alias "${alias}" already, which ${describeOwner(owner, context.mark)}. Choose another alias; ` +
      `or ${takeoverWays(context, "TemplateAlias", aliasRef)}`,
    { ref: aliasRef, holder: template },
  );
}
