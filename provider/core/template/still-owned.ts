import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { TagInfo } from "../../../sdk/wire/index.ts";
import type { OperationContext } from "../operation-context.ts";
import { adoptedAway } from "../ownership/adopted-away.ts";
import { isOwnMark, isSameStack, type Mark } from "../ownership/mark.ts";
import { ownersOf, readBuildTag } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";

/**
 * Who has adopted the template away from this resource; undefined when nobody has. Adopting takes the marks of all others
 * away: where there are marks, and none is ours, the template is somebody else's by now.
 */
export function adopterOf(tags: readonly TagInfo[], context: OperationContext): Mark | undefined {
  const marks = tags.flatMap(({ tag }) => readBuildTag(tag)?.mark ?? []);
  return marks.some((mark) => isOwnMark(context, mark)) ? undefined : marks[0];
}

/**
 * @throws NotOwnedError when another resource has adopted the template
 */
export async function requireStillOwned(
  client: NullspaceClient,
  ref: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const adopter = adopterOf((await orGone(client.templates.listTags(ref, { signal }))) ?? [], context);
  if (adopter !== undefined) throw adoptedAway(`template ${ref}`, ref, adopter, context);
}

/** Tags and aliases of a template that belong to resources of other stacks, by their names. */
export function ownedByOtherStacks(
  tags: readonly TagInfo[],
  aliases: readonly string[],
  { mark }: OperationContext,
): string[] {
  const isForeign = (kind: "tag" | "alias", name: string) =>
    ownersOf(tags, kind, name).some((owner) => !isSameStack(owner.mark, mark));
  return [
    ...tags.filter(({ tag }) => isForeign("tag", tag)).map(({ tag }) => `tag "${tag}"`),
    ...aliases.filter((alias) => isForeign("alias", alias)).map((alias) => `alias "${alias}"`),
  ];
}
