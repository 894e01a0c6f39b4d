import type { TagInfo } from "../../../sdk/wire/index.ts";
import { isSameStack, type Mark } from "./mark.ts";
import { ownersOf, type OwnedKind } from "./owner-tags.ts";

/**
 * The owner of another stack who noted a tag or alias before this resource did; undefined when this one was first.
 *
 * @param tags of the template, read after this resource's own owner tag was set
 */
export function earlierStranger(
  tags: readonly TagInfo[],
  { kind, name, mark }: { kind: OwnedKind; name: string; mark: Mark },
): { mark: Mark; tag: TagInfo } | undefined {
  const owners = ownersOf(tags, kind, name);
  const own = owners.find((owner) => owner.mark === mark)?.tag;
  return owners.find((owner) => !isSameStack(owner.mark, mark) && (own === undefined || isBefore(owner.tag, own)));
}

function isBefore(left: TagInfo, right: TagInfo): boolean {
  const [a, b] = [Date.parse(left.created_at), Date.parse(right.created_at)];
  return a === b ? left.tag < right.tag : a < b;
}
