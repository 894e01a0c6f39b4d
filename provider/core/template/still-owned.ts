import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isMarkTag, type TagInfo } from "../../../sdk/wire/index.ts";
import { NotOwnedError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { adoptedAway } from "../ownership/adopted-away.ts";
import { isOwnMark, isOwnStack, type Mark } from "../ownership/mark.ts";
import { ownersOf, readBuildTag } from "../ownership/owner-tags.ts";
import { takeoverWays } from "../ownership/takeover-ways.ts";
import type { Properties } from "../properties.ts";
import { orGone } from "../service-errors.ts";
import { buildHistory, ownerOf } from "./build-history.ts";
import type { BuildAttempt } from "./outputs.ts";

/**
 * Who has adopted the template away from this resource; undefined when nobody has. Adopting takes the marks of all others
 * away: where there are marks, and none is ours, the template is somebody else's by now.
 */
export function adopterOf(tags: readonly TagInfo[], context: OperationContext): Mark | undefined {
  const marks = tags.flatMap(({ tag }) => readBuildTag(tag)?.mark ?? []);
  return marks.some((mark) => isOwnMark(context, mark)) ? undefined : marks[0];
}

/** What stands under the name of a template that a state knows. */
export type Standing =
  /** The template that the state knows. */
  | { kind: "ours" }
  /** Nothing: it was deleted. */
  | { kind: "gone" }
  /** Another one, made since by somebody who does not know of this resource. */
  | { kind: "later" }
  /** The one that the state knows, which another resource has adopted. */
  | { kind: "adopted"; by: Mark };

/**
 * Looks what has become of the template that the state knows: the name says too little. A live build that carries the
 * resource's mark settles it, else a build of the state, or one with the mark, in the history.
 *
 * @param tags of the template, none where there is none
 */
export async function standingOf(
  client: NullspaceClient,
  ref: string,
  { tags, outputs }: { tags: readonly TagInfo[]; outputs: Properties },
  context: OperationContext,
  signal: AbortSignal,
): Promise<Standing> {
  const adopter = adopterOf(tags, context);
  if (adopter !== undefined) return { kind: "adopted", by: adopter };
  if (tags.some(({ tag }) => isOwnMark(context, readBuildTag(tag)?.mark))) return { kind: "ours" };
  const known = [outputs.buildId, (outputs.attempt as BuildAttempt | undefined)?.buildId];
  let kind: "gone" | "later" = "gone";
  for await (const build of buildHistory(client, ref, signal)) {
    if (known.includes(build.build_id) || isOwnMark(context, ownerOf(build)?.mark)) return { kind: "ours" };
    kind = "later";
  }
  return { kind };
}

/**
 * @returns whether the template is still there
 * @throws NotOwnedError when another resource has adopted it, or when it is a newer template of that name
 */
export async function requireStillOwned(
  client: NullspaceClient,
  ref: string,
  outputs: Properties,
  context: OperationContext,
  signal: AbortSignal,
): Promise<boolean> {
  const tags = (await orGone(client.templates.listTags(ref, { signal }))) ?? [];
  const standing = await standingOf(client, ref, { tags, outputs }, context, signal);
  if (standing.kind === "adopted") throw adoptedAway(`template ${ref}`, ref, standing.by, context);
  if (standing.kind !== "later") return standing.kind === "ours";
  throw new NotOwnedError(
    `template ${ref} is not the one that this resource made: that one was deleted, and somebody has made another under its ` +
      "name since. Nothing was changed. Run pulumi refresh, which takes the deleted one out of the state; then choose " +
      `another name, or ${takeoverWays(context, "Template", ref)}`,
    ref,
  );
}

/** Tags of a template, with the builds that they need, and aliases that belong to resources of other stacks. */
export function ownedByOtherStacks(
  tags: readonly TagInfo[],
  aliases: readonly string[],
  owner: Pick<OperationContext, "mark" | "formerMark">,
): string[] {
  const isForeign = (kind: "tag" | "alias", name: string) =>
    ownersOf(tags, kind, name).some(({ mark }) => !isOwnStack(owner, mark));
  return [
    ...tags.filter(({ tag }) => isForeign("tag", tag)).map(({ tag, build_id }) => `tag "${tag}" (${build_id})`),
    ...aliases.filter((alias) => isForeign("alias", alias)).map((alias) => `alias "${alias}"`),
  ];
}

/** Tags of a template that no Pulumi resource has made, and that are not among `own`. */
export function tagsOfNobody(tags: readonly TagInfo[], own: readonly unknown[]): TagInfo[] {
  return tags.filter(({ tag }) => !isMarkTag(tag) && !own.includes(tag) && ownersOf(tags, "tag", tag).length === 0);
}
