import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { TagInfo } from "../../../sdk/wire/index.ts";
import { BuildGoneError, BuildNotReadyError, ForeignBuildError, NotOwnedError, TagTakenError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { adoptedAway } from "../ownership/adopted-away.ts";
import { earlierStranger } from "../ownership/first-owner.ts";
import { isOwnMark, isOwnStack, type Mark } from "../ownership/mark.ts";
import { ownersOf, ownerTag } from "../ownership/owner-tags.ts";
import { describeOwner, ownMarkNotice, takeoverWays } from "../ownership/takeover-ways.ts";
import { orGone } from "../service-errors.ts";
import { isOneTemplate, settledRefOf } from "../template/canonical-ref.ts";
import { isReclaimed, isTemplateOfBuild } from "../template/build-history.ts";
import type { TemplateTagInputs, TemplateTagOutputs } from "./inputs.ts";

export interface PromoteOptions {
  /** Builds that the tag may point at without anyone having moved it; null: the tag is this resource's own to make. */
  known: { buildId: string | undefined; previousBuildId: string | undefined } | null;
  signal: AbortSignal;
}

/**
 * Points the tag at its build and notes at the service whose it is, both in one step.
 *
 * @throws TagTakenError when the tag is to be made and belongs to something else
 */
export async function promoteTag(
  client: NullspaceClient,
  inputs: TemplateTagInputs,
  context: OperationContext,
  { known, signal }: PromoteOptions,
): Promise<TemplateTagOutputs> {
  const { template, tag, buildId } = inputs;
  const build = (await orGone(client.builds.get(buildId, { signal })))?.build;
  if (build === undefined) throw new BuildGoneError(buildId, template);
  if (build.status !== "ready") throw new BuildNotReadyError(buildId, template, build.status);
  if (isReclaimed(build)) throw new BuildGoneError(buildId, template, build.promotability?.reason ?? undefined);
  const tags = await client.templates.listTags(template, { signal });
  const own = await orGone(client.templates.get(`${template}:${buildId}`, { signal }));
  if (own === undefined) throw new ForeignBuildError({ buildId, builtAs: build.canonical_ref, template });
  const now = tags.find((candidate) => candidate.tag === tag)?.build_id;
  if (known === null) checkFree(tags, inputs, context);
  else {
    requireStillOwned(tags, inputs, context);
    await requireSameTemplate(client, tags, inputs, known.buildId, context, signal);
  }
  await requireAlone(client, tags, inputs, context, signal);
  checkExpected(now, inputs);
  if (now !== undefined && now !== buildId && known?.buildId !== undefined && now !== known.buildId) {
    context.log(
      "warning",
      `somebody else moved ${template}:${tag} from ${known.buildId} to ${now}: it is moved on to ${buildId}`,
    );
  }

  const mine = ownerTag(context.mark, "tag", tag);
  const isMarked = tags.some((candidate) => candidate.tag === mine && candidate.build_id === buildId);
  const info =
    now === buildId && isMarked ? own : await client.builds.promote(buildId, { tags: [tag, mine] }, { signal });
  if (known === null) await requireFirst(client, tags, inputs, context, signal);
  await disown(client, tags, inputs, context, signal);
  // A move that was done already, by an update that was interrupted, keeps what that one found.
  const previousBuildId = now === buildId ? known?.previousBuildId : now;
  return {
    ref: `${await settledRefOf(client, template, signal, info.canonical_ref || template)}:${tag}`,
    templateId: info.id || build.template_id,
    ...(previousBuildId === undefined ? {} : { previousBuildId }),
  };
}

/** Is the tag free, this resource's own already, or exactly what it would be, and nobody's or of this stack? */
function checkFree(
  tags: readonly TagInfo[],
  { template, tag, buildId, adopt }: TemplateTagInputs,
  context: OperationContext,
): void {
  const now = tags.find((candidate) => candidate.tag === tag)?.build_id;
  const owners = ownersOf(tags, "tag", tag).map(({ mark }) => mark);
  if (now === undefined) return;
  if (owners.includes(context.mark)) {
    context.log("warning", ownMarkNotice(`${template}:${tag}`, true));
    return;
  }
  const stranger = owners.find((owner) => !isOwnStack(context, owner));
  if (adopt || (now === buildId && stranger === undefined)) {
    context.log("info", `taking over ${template}:${tag}, which points at ${now}`);
    return;
  }
  throw new TagTakenError(
    `${template} has a tag "${tag}" already: it points at ${now}, and ${describeOwner(stranger ?? owners[0], context.mark)}. ` +
      `Choose another tag; ${takeoverWays(context, "TemplateTag", `${template}:${tag}`)}; or remove it first`,
    { ref: `${template}:${tag}`, buildId: now },
  );
}

/** @throws NotOwnedError when another resource has adopted the tag */
function requireStillOwned(
  tags: readonly TagInfo[],
  { template, tag }: TemplateTagInputs,
  context: OperationContext,
): void {
  const owners = ownersOf(tags, "tag", tag).map(({ mark }) => mark);
  if (owners.length === 0 || owners.some((owner) => isOwnMark(context, owner))) return;
  throw adoptedAway(`the tag ${template}:${tag}`, `${template}:${tag}`, owners[0], context);
}

/** @throws NotOwnedError when the template was deleted, and made again by somebody else */
async function requireSameTemplate(
  client: NullspaceClient,
  tags: readonly TagInfo[],
  { template, tag, buildId }: TemplateTagInputs,
  known: string | undefined,
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  if (known === undefined || known === buildId || !tags.some((candidate) => candidate.tag === tag)) return;
  // The template may have been made again by this very stack.
  if (ownersOf(tags, "tag", tag).some(({ mark }) => isOwnStack(context, mark))) return;
  if (await isTemplateOfBuild(client, template, known, signal)) return;
  throw new NotOwnedError(
    `${template} is not the template that this tag was made in: that one was deleted, and there is another under its name. ` +
      "Nothing was changed. Run pulumi refresh, which takes what is gone out of the state; then choose another tag, or " +
      takeoverWays(context, "TemplateTag", `${template}:${tag}`),
    `${template}:${tag}`,
  );
}

/**
 * Two resources of one program cannot have one tag for two builds: it would be wherever the last of them has put it. The one
 * that owns it where it is now keeps it; else the one that owns it; of two that both do, or neither, always the same one.
 *
 * @throws TagTakenError when it is the other's
 */
async function requireAlone(
  client: NullspaceClient,
  tags: readonly TagInfo[],
  { template, tag, buildId }: TemplateTagInputs,
  { mark, declared }: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const now = tags.find((candidate) => candidate.tag === tag)?.build_id;
  const owners = new Set(ownersOf(tags, "tag", tag).map((owner) => owner.mark));
  const hasIt = (owner: Mark, wanted: unknown) => owners.has(owner) && now === wanted;
  if (hasIt(mark, buildId)) return;
  const rivals = declared.others(
    mark,
    (other) => other.tag === tag && typeof other.buildId === "string" && other.buildId !== buildId,
  );
  for (const { mark: rival, inputs } of rivals) {
    const isTheirs = owners.has(rival) === owners.has(mark) ? rival < mark : owners.has(rival);
    if (!(isTheirs || hasIt(rival, inputs.buildId)) || typeof inputs.template !== "string") continue;
    if (!(await isOneTemplate(client, inputs.template, template, signal))) continue;
    throw new TagTakenError(
      `another resource of this program has the tag "${tag}" of ${template} for ${inputs.buildId as string}, and this one ` +
        `wants it for ${buildId}: a tag points at one build. Nothing was changed for this one. Choose another tag for one ` +
        "of them, or give both the same build",
      { ref: `${template}:${tag}`, buildId: inputs.buildId as string },
    );
  }
}

/** @throws TagTakenError when the tag is to be moved and does not point where it was expected to */
function checkExpected(now: string | undefined, { template, tag, buildId, expectedBuildId }: TemplateTagInputs): void {
  if (expectedBuildId === undefined || now === undefined || now === buildId || now === expectedBuildId) return;
  throw new TagTakenError(
    `${template}:${tag} points at ${now}, and was expected at ${expectedBuildId}: somebody else has moved it. Nothing was ` +
      `moved. Look at ${now}; to promote ${buildId} all the same, set expectedBuildId to ${now}`,
    { ref: `${template}:${tag}`, buildId: now },
  );
}

/**
 * Two stacks may have found the tag free, or both adopt it. The one that noted it first has it; the other puts everything
 * back.
 *
 * @param before tags of the template as they were before the promotion: who is in there has been dealt with
 */
async function requireFirst(
  client: NullspaceClient,
  before: readonly TagInfo[],
  { template, tag, buildId }: TemplateTagInputs,
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const mine = ownerTag(context.mark, "tag", tag);
  const known = new Set(before.map((info) => info.tag).filter((name) => name !== mine));
  const tags = (await client.templates.listTags(template, { signal })).filter((info) => !known.has(info.tag));
  const first = earlierStranger(tags, { kind: "tag", name: tag, mark: context.mark });
  if (first === undefined) return;
  await client.builds.promote(first.tag.build_id, { tag }, { signal });
  await orGone(client.templates.removeTag(template, mine, { signal }));
  throw new TagTakenError(
    `another Pulumi stack took the tag "${tag}" of ${template} a moment before this one, for ${first.tag.build_id}. ` +
      `It was left there, and ${buildId} was not promoted. Choose another tag; or ${takeoverWays(context, "TemplateTag", `${template}:${tag}`)}`,
    { ref: `${template}:${tag}`, buildId: first.tag.build_id },
  );
}

/**
 * Takes away the notes of what the resource was called before; and those of all others, where it adopts the tag, but for
 * other resources of this program: a Template may have the tag as well.
 */
async function disown(
  client: NullspaceClient,
  tags: readonly TagInfo[],
  { template, tag, adopt }: TemplateTagInputs,
  { mark, formerMark, declared }: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  for (const owner of ownersOf(tags, "tag", tag)) {
    const isOver =
      owner.mark !== mark && ((adopt && declared.of(owner.mark) === undefined) || owner.mark === formerMark);
    if (isOver) await orGone(client.templates.removeTag(template, owner.tag.tag, { signal }));
  }
}
