import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { OperationContext } from "../operation-context.ts";
import { isOwnMark } from "../ownership/mark.ts";
import { ownersOf } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";
import { splitRef } from "../template/settle.ts";

/**
 * Removes a tag, unless it is somebody else's by now: moved to a build that the state does not know, or owned by another
 * resource as well.
 *
 * @param template `namespace/name`
 * @param known build that the state knows
 */
export async function removeOwnTag(
  client: NullspaceClient,
  { template, tag, known }: { template: string; tag: string; known: string | undefined },
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const tags = await orGone(client.templates.listTags(template, { signal }));
  if (tags === undefined) return;
  const remove = (each: string) => orGone(client.templates.removeTag(template, each, { signal }));
  const now = tags.find((candidate) => candidate.tag === tag)?.build_id;
  const owners = ownersOf(tags, "tag", tag);
  const { log } = context;
  if (now !== undefined && owners.some(({ mark }) => !isOwnMark(context, mark))) {
    log("info", `${template}:${tag} is kept: another resource owns it as well`);
  } else if (now !== undefined && isWantedByTemplate(context, { template, tag })) {
    log("info", `${template}:${tag} is kept: the program has it among the tags of the template`);
  } else if (now !== undefined && known !== undefined && now !== known) {
    log("warning", `${template}:${tag} is left in place: somebody else moved it from ${known} to ${now}`);
  } else if (now !== undefined) await remove(tag);
  for (const owner of owners) if (isOwnMark(context, owner.mark)) await remove(owner.tag.tag);
}

/** A Template whose state is of an older version has not noted its tags at the service: the program tells. */
function isWantedByTemplate(
  { declared }: OperationContext,
  { template, tag }: { template: string; tag: string },
): boolean {
  const { name } = splitRef(template);
  return declared.some(({ name: wanted, tags }) => wanted === name && Array.isArray(tags) && tags.includes(tag));
}
